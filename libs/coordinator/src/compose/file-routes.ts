import type { ResumeAttempts } from '../attempts/resume-attempts.js';
import type { ApiRouter } from '../http/api-router.js';
import { attachmentRoutes } from '../http/attachment-routes.js';
import { codeRoutes } from '../http/code-routes.js';
import { secretRoutes } from '../http/secret-routes.js';
import { attemptFileRoutes, uploadRoutes } from '../http/upload-routes.js';
import type { GroupSecrets } from '../secrets/group-secrets.js';
import type { Files } from './create-files.js';

/** Mounts all that people and workers do with files, and the secrets of groups. */
export function fileRoutes(
  api: ApiRouter,
  files: Files,
  { secrets, resumeAttempts }: { readonly secrets: GroupSecrets; readonly resumeAttempts: ResumeAttempts },
): void {
  attachmentRoutes(api, files);
  uploadRoutes(api, files);
  codeRoutes(api, files);
  secretRoutes(api, { secrets });
  attemptFileRoutes(api, { ...files, resumeAttempts });
}
