import type { DataSource } from 'typeorm';
import type { Log } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { AttemptUploads } from '../attempts/attempt-uploads.js';
import { CodeLibrary } from '../code/code-library.js';
import { collectCode } from '../code/collect-code.js';
import { Attachments } from '../files/attachments.js';
import { checkStorageWith } from '../files/check-storage.js';
import { Checkpoints } from '../files/checkpoints.js';
import { Collector } from '../files/collector.js';
import { PeopleUploads } from '../files/people-uploads.js';
import { TaskArtifacts } from '../files/task-artifacts.js';
import { TaskInputs } from '../files/task-inputs.js';
import { Uploads } from '../files/uploads.js';
import { collectPrograms } from '../programs/remove-programs.js';

export interface FilesOptions {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** How long a signed request is good for. */
  readonly urlLifetimeMs: number;
  /** How long a program is kept that nothing uses. */
  readonly programRetentionMs: number;
  readonly log: Log;
}

/** All that concerns bytes: what people share, what tasks take in and leave behind, and what is left over. */
export interface Files {
  readonly attachments: Attachments;
  readonly artifacts: TaskArtifacts;
  readonly peopleUploads: PeopleUploads;
  readonly attemptUploads: AttemptUploads;
  readonly inputs: TaskInputs;
  readonly checkStorage: ReturnType<typeof checkStorageWith>;
  readonly collector: Collector;
  readonly code: CodeLibrary;
  readonly checkpoints: Checkpoints;
}

export function createFiles({ dataSource, store, urlLifetimeMs, programRetentionMs, log }: FilesOptions): Files {
  const uploads = new Uploads({ dataSource, store, urlLifetimeMs });
  const attachments = new Attachments({ dataSource, store, uploads });
  const artifacts = new TaskArtifacts({ dataSource, uploads });
  const code = new CodeLibrary({ dataSource, store, urlLifetimeMs });
  const checkpoints = new Checkpoints({ dataSource, store, urlLifetimeMs });
  return {
    attachments,
    code,
    checkpoints,
    artifacts,
    peopleUploads: new PeopleUploads({ dataSource, uploads, attachments, artifacts }),
    attemptUploads: new AttemptUploads({ dataSource, uploads }),
    inputs: new TaskInputs({ dataSource, store, urlLifetimeMs, code, checkpoints }),
    checkStorage: checkStorageWith({ dataSource, store }),
    collector: new Collector({
      dataSource,
      store,
      log,
      urlLifetimeMs,
      discardPrograms: () =>
        collectPrograms(dataSource, { retentionMs: programRetentionMs, readableMs: urlLifetimeMs }),
      discardCode: () => collectCode(dataSource, { retentionMs: programRetentionMs, readableMs: urlLifetimeMs }),
    }),
  };
}
