import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { CoordinatorConfig } from '@mitosis/config';
import { examine } from '@mitosis/coordinator';
import { createDataSource } from '@mitosis/database';
import type { Finding, Log } from '@mitosis/domain';
import { createObjectStore } from '@mitosis/object-store';
import { createQueueBackend } from '@mitosis/queue';
import { queueConfig, queueReach, storeConfig } from './create-coordinator.js';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface ExamineOptions {
  readonly now?: () => number;
  /** Less than this is too little room on the disk. */
  readonly freeBytes?: number;
}

/** Looks at everything that a coordinator with this configuration stands on. */
export async function examineDeployment(
  config: CoordinatorConfig,
  { now = Date.now, freeBytes }: ExamineOptions = {},
): Promise<Finding[]> {
  const stateDir = path.resolve(config.state_dir);
  const reach = queueReach(config);
  const findings = await examine({
    dataSource: createDataSource({ url: config.db_url, applicationName: 'mito doctor', poolSize: 2 }),
    queue: createQueueBackend(queueConfig(config, randomBytes(32).toString('hex')), SILENT),
    // What it signs is fetched from S3 only; the folder store's own key is not needed.
    store: createObjectStore(storeConfig(config, randomBytes(32))),
    isFolderStore: config.s3 === undefined,
    stateDir,
    passwordFile: config.admin_password_file ?? path.join(stateDir, 'admin-password'),
    freeBytes,
    now,
  });
  return reach ? [...findings, reach] : findings;
}
