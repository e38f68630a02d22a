import type { GpuNaming, Log } from '@mitosis/domain';
import type { Executor, SandboxExecutor } from '@mitosis/executor';
import type { WorkerRegistration } from '@mitosis/protocol';
import type { ConsumingBackend } from '@mitosis/queue';
import type { Hooks } from './hooks.js';
import type { HostOffer } from './host-offer.js';

export interface WorkerOptions {
  readonly coordinatorUrl: string;
  readonly registration: WorkerRegistration;
  /** A queue server that this worker reaches. Without it, deliveries come over the coordinator. */
  readonly queue?: ConsumingBackend | undefined;
  readonly executor: Executor;
  readonly sandbox: SandboxExecutor;
  /** What of its machine it offers to tasks that need something; nothing when not given. */
  readonly offer?: HostOffer | undefined;
  /** How devices are named to tasks. */
  readonly gpuNaming?: GpuNaming | undefined;
  /** Bind each command to the cores that it was assigned. */
  readonly isPinning?: boolean | undefined;
  readonly slots: number;
  /** Whether it may take short tasks before there is a slot for them. */
  readonly isPrefetching: boolean;
  readonly workDir: string;
  /** What inputs that are kept for later tasks may have together. */
  readonly inputCacheBytes: number;
  /** Environments of tasks that are kept for later tasks: where, and what they may have together. */
  readonly envDir: string;
  readonly envCacheBytes: number;
  /** The PATH and the HOME of this process, where tools are looked for, and where its certificates are. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
  /** Printed output that is kept of an attempt, unless its task says otherwise. */
  readonly logLimitBytes: number;
  /** Variables that every task gets, e.g. a PATH. */
  readonly taskEnv?: Readonly<Record<string, string>> | undefined;
  /** What is run before and after tasks, and before and after all of them. */
  readonly hooks?: Hooks | undefined;
  /** How long running tasks may continue after `stop`. */
  readonly drainTimeoutMs: number;
  /** After so long it wants to be stopped; also when it has run nothing for so long, which the coordinator decides. */
  readonly lifetimeMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  /** Where the metrics are served; nowhere when not given. */
  readonly metricsBind?: { readonly host: string; readonly port: number } | undefined;
  readonly log: Log;
  /** The coordinator no longer knows this worker: it has to end, or to register again. */
  onRevoked(): void;
  /** Somebody wants it to stop: whoever has started it is to call `stop`. */
  onStopWanted(): void;
  /** It has ended: its folder is free. */
  onStopped?(): Promise<void>;
}
