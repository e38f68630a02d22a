import { z } from 'zod';
import { WorkerName, WorkerTakes } from '@mitosis/protocol';
import {
  AddressSetting,
  BindAddress,
  DurationSetting,
  FlagSetting,
  ListSetting,
  LogLevel,
  SizeSetting,
  VariablesSetting,
} from './fields.js';

/** `[worker]` of the configuration file, and `MITO_<FIELD>` in the environment. */
export const WorkerConfig = z.strictObject({
  coordinator_addr: AddressSetting.prefault('http://127.0.0.1:5000'),
  /** An enrolment code: with it neither a user nor a password is needed. */
  enroll: z.string().optional(),
  /** File with certificates (PEM) to trust besides the public ones. */
  ca: z.string().optional(),
  /** The key that the coordinator has to have, as curl writes it: `sha256//` and the SHA-256 of its public key. */
  pin: z.string().optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  /** File with the logins that it registers with when it has neither an enrolment code nor a password. */
  credential_path: z.string().optional(),
  /** Groups whose tasks run here; the user's own when not set. */
  groups: ListSetting.optional(),
  tags: ListSetting.default([]),
  /**
   * `any`: tasks with any tags; `only_tagged`: only tasks whose
   * tags it has. Any as long as it has no tags, when not set.
   */
  takes: WorkerTakes.optional(),
  labels: ListSetting.default([]),
  /** Tasks at once; as many as cores are offered when not set. */
  slots: z.coerce.number().int().min(1).max(1024).optional(),
  /** Cores that are offered, instead of those that were found. */
  cpus: z.coerce.number().int().min(0).max(65_536).optional(),
  /** Memory that is offered, instead of what was found. */
  mem: SizeSetting.optional(),
  /** How many of the GPUs that were found are offered. */
  gpus: z.coerce.number().int().min(0).max(1024).optional(),
  /** What is kept back for others: cpus=1,mem=4GiB. */
  reserve: ListSetting.default([]),
  /** Countable things that tasks can ask for by name: license=2, or fpga=[a,b] with names for the units. */
  offer: z.union([z.array(z.string()), z.string().transform((text) => [text])]).default([]),
  /** False: nothing is looked for, and only what is named here is offered. */
  detect: FlagSetting.default(true),
  /** How GPUs are named to tasks: by UUID, or by their place on the bus. */
  gpu_ids: z.enum(['uuid', 'index']).default('uuid'),
  /** Bind each task that asks for cores to its own cores. */
  pin_cores: FlagSetting.default(false),
  /** Do not start where a memory limit is not kept by a control group. */
  strict_limits: FlagSetting.default(false),
  /** The name of the machine: workers with the same name share what it has. Found out when not set. */
  machine: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'use letters, digits, "-", "_" or "."')
    .optional(),
  /** False: no short tasks are taken ahead of a free slot, so that none has to be handed to a worker that is idle. */
  work_stealing_enabled: FlagSetting.default(true),
  /** What people call it; the name of this host, with a number when another worker has it. */
  name: WorkerName.optional(),
  /** After this time it takes nothing new and ends: running tasks have the drain timeout, then they are given back. */
  lifetime: DurationSetting.refine((ms) => ms >= 1_000, 'must be a second at least').optional(),
  /** It ends when it has run nothing for this time. */
  idle_timeout: DurationSetting.refine((ms) => ms >= 1_000, 'must be a second at least').optional(),
  /** What it takes, when not everything: on a borrowed machine, sandboxed programs only. */
  only: z.literal('wasm').optional(),
  /** Folder for scratch folders and reports that could not be delivered yet. */
  work_dir: z.string().default('./mitosis-worker'),
  /** What inputs that are kept for later tasks may have together. */
  input_cache: SizeSetting.prefault('20GiB'),
  /** What environments of tasks (`--env-setup`) that are kept for later tasks may have together. */
  env_cache: SizeSetting.prefault('20GiB'),
  /** Folder for environments, instead of one in `work_dir`; workers of one machine may share it. */
  env_cache_dir: z.string().min(1).optional(),
  /** Printed output that is kept of an attempt whose task says nothing else; what comes after it is dropped. */
  log_limit: SizeSetting.prefault('1GiB'),
  /** Variables that every task gets; its own `-e` wins. */
  env: VariablesSetting.refine(
    (variables) => Object.keys(variables).every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
    'a name has letters, digits and "_", and does not begin with a digit',
  )
    .refine(
      (variables) => Object.keys(variables).every((name) => !name.startsWith('MITO_')),
      'names that begin with MITO_ are those of Mitosis',
    )
    .prefault({}),
  /** Names of variables of the worker that every task gets as they are, for example LD_LIBRARY_PATH. */
  pass_env: ListSetting.pipe(
    z.array(
      z.string().regex(/^(?!MITO_)[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable that can be passed on'),
    ),
  ).default([]),
  /** Folders before the system's in the PATH of every task. */
  path: ListSetting.pipe(z.array(z.string().regex(/^\/[^:]*$/, 'write absolute folders, without ":"'))).default([]),
  /** HOME of every task: an empty folder of its own, or the home of the user that the worker runs as. */
  home: z.enum(['scratch', 'user']).default('scratch'),
  /** A line for the shell that runs before each task, in its folder; when it fails the task is tried again. */
  prolog: z.string().min(1).optional(),
  /** A line for the shell that runs after each task, whatever became of that. */
  epilog: z.string().min(1).optional(),
  /** A line for the shell that runs before the worker takes tasks; when it fails the worker does not start. */
  on_start: z.string().min(1).optional(),
  /** A line for the shell that runs when the worker has stopped. */
  on_stop: z.string().min(1).optional(),
  /** How long running tasks may continue after the first SIGTERM. */
  drain_timeout: DurationSetting.prefault('30s'),
  /** Where /metrics of this worker is served, to whoever reaches it; not at all when not set. */
  metrics_bind: BindAddress.optional(),
  log_level: LogLevel.default('info'),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;
