import { z } from 'zod';
import {
  AddressSetting,
  BindAddress,
  DurationSetting,
  FlagSetting,
  ListSetting,
  LogLevel,
  SizeSetting,
} from './fields.js';

/** `[worker]` of the configuration file, and `MITO_<FIELD>` in the environment. */
export const WorkerConfig = z.strictObject({
  coordinator_addr: AddressSetting.prefault('http://127.0.0.1:5000'),
  /** An enrolment code: with it neither a user nor a password is needed. */
  enroll: z.string().optional(),
  /** File with certificates (PEM) to trust besides the public ones. */
  ca: z.string().optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  /** Groups whose tasks run here; the user's own when not set. */
  groups: ListSetting.optional(),
  tags: ListSetting.default([]),
  labels: ListSetting.default([]),
  /** Tasks at once. */
  slots: z.coerce.number().int().min(1).max(1024).default(1),
  /** False: no short tasks are taken ahead of a free slot, so that none has to be handed to a worker that is idle. */
  work_stealing_enabled: FlagSetting.default(true),
  /** What it takes, when not everything: on a borrowed machine, sandboxed programs only. */
  only: z.literal('wasm').optional(),
  /** Folder for scratch folders and reports that could not be delivered yet. */
  work_dir: z.string().default('./mitosis-worker'),
  /** What inputs that are kept for later tasks may have together. */
  input_cache: SizeSetting.prefault('20GiB'),
  /** Printed output that is kept of an attempt whose task says nothing else; what comes after it is dropped. */
  log_limit: SizeSetting.prefault('1GiB'),
  /** How long running tasks may go on after the first SIGTERM. */
  drain_timeout: DurationSetting.prefault('30s'),
  /** Where /metrics of this worker is served, to whoever reaches it; not at all when not set. */
  metrics_bind: BindAddress.optional(),
  log_level: LogLevel.default('info'),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;
