import { CERTIFICATE_VARIABLES } from '@mitosis/domain';
import type { WorkerOptions } from '../worker-options.js';
import type { AttemptEnvironmentDeps } from './attempt-environment.js';
import { Environments } from './environments.js';
import { Tools } from './tools.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a worker builds environments with. Builds find what tasks find, and the certificates of the worker. */
export function environmentsOf(
  { envDir, envCacheBytes, ownEnv, taskEnv, executor, log }: WorkerOptions,
  scratchRoot: string,
): Omit<AttemptEnvironmentDeps, 'baseEnv'> {
  const certificates = CERTIFICATE_VARIABLES.flatMap((name) =>
    ownEnv[name] === undefined ? [] : [[name, ownEnv[name]]],
  );
  const buildEnv = { PATH, LANG: 'C.UTF-8', ...(Object.fromEntries(certificates) as typeof taskEnv), ...taskEnv };
  return {
    environments: new Environments({ dir: envDir, limitBytes: envCacheBytes, executor, scratchRoot, log }),
    tools: new Tools({ env: buildEnv, own: ownEnv }),
    buildEnv,
  };
}
