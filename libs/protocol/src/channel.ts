import { z } from 'zod';
import { storableText, WANTED_STATES } from '@mitosis/domain';
import { AttemptNumber, Uuid } from './fields.js';
import { EnforcesView, OfferReport } from './offers.js';
import { StreamOrder, StreamReport } from './task-streams.js';
import { TERMINAL_REFUSALS, TerminalSize, TypeInTerminal } from './terminal.js';

/** Header of the upgrade and of its answer: which version of Mitosis this end has. */
export const VERSION_HEADER = 'mitosis-version';

/** An attempt, as both ends of the channel name it. */
export const AttemptRef = z.object({ task: Uuid, attempt: AttemptNumber });
export type AttemptRef = z.output<typeof AttemptRef>;

/** How busy the machine of a worker is: `cpu` of all cores, 0 to 1, since the last heartbeat. */
export const WorkerLoad = z.object({
  cpu: z.number().min(0).max(1),
  memory_used_bytes: z.int().min(0),
  memory_total_bytes: z.int().min(0),
});
export type WorkerLoad = z.output<typeof WorkerLoad>;

/** What a running task says of itself. */
export const ProgressReport = AttemptRef.extend({
  lease: Uuid,
  /** Null before its program has started: then `message` says what is done before. */
  value: z.number().min(0).max(1).nullable(),
  message: z.string().max(255).transform(storableText).nullable(),
});

/** Why a worker can't work, in words, and for how long. */
export const WorkerTrouble = z.object({
  reason: z.string().max(500).transform(storableText),
  lasts_ms: z.int().min(0),
});
export type WorkerTrouble = z.output<typeof WorkerTrouble>;

/** Stands for one delivery that a worker has room for: the lock of the job and the claim of the task carry it. */
const FetchToken = Uuid;
const QueueName = z.string().min(1).max(4096);
const JobId = z.string().min(1).max(256);
const HeldJob = { id: z.int(), queue: QueueName, token: FetchToken, job: JobId };

/** An operation on a queue, for a job that the worker holds. */
export const QueueCall = z.discriminatedUnion('op', [
  z.object({ ...HeldJob, op: z.literal('complete') }),
  z.object({ ...HeldJob, op: z.literal('fail'), reason: z.string().max(4096).transform(storableText) }),
  /** `attempt` is what was opened for it, as an `AttemptLease`. */
  z.object({ ...HeldJob, op: z.literal('give_back'), attempt: z.unknown().optional() }),
  z.object({
    id: z.int(),
    op: z.literal('renew'),
    queue: QueueName,
    jobs: z.array(JobId).max(4096),
    tokens: z.array(FetchToken).max(4096),
    lock_ms: z.int().min(1).max(600_000),
  }),
]);

/** Tokens in one message. */
export const FETCH_TOKENS_MAX = 16_384;

/** A job of a queue with the attempt that was opened for it, a `ClaimedTask`. */
export const RemoteJob = z.object({
  queue: z.string(),
  id: z.string(),
  name: z.string(),
  data: z.string(),
  token: z.string(),
  attempt: z.unknown().optional(),
});

/** What a worker says on its WebSocket. */
export const FromWorker = z.discriminatedUnion('type', [
  /** Renews the leases of `running`; answered by `leases`. */
  z.object({
    type: z.literal('heartbeat'),
    running: z.array(AttemptRef.extend({ lease: Uuid })).max(4096),
    free_slots: z.int(),
    /** It runs nothing, and is to be told to stop when that has been so for this time. */
    stops_idle_after_ms: z.int().min(0).optional(),
    load: WorkerLoad.optional(),
    /** Without it the worker can work. */
    trouble: WorkerTrouble.optional(),
    /** All attempts of which a process may be left in its folder; what others held there is free. */
    holding: z.array(AttemptRef).max(4096).optional(),
  }),
  /** What it offers, and where it runs; sent on each connection and on every change. */
  z.object({
    type: z.literal('offer'),
    /** The same for all workers of a running machine. */
    machine: z.string().regex(/^[\w.-]{1,64}$/),
    /** The same for each worker that starts in the same folder of a machine. */
    place: z.string().regex(/^[\w.-]{1,64}$/),
    offer: OfferReport,
    enforces: EnforcesView,
  }),
  /**
   * One token for each delivery that there is room for, from now on; `withdrawn` are no longer valid. With
   * `is_resumed`, sent first on each connection, these are all of them: the coordinator may have used some already.
   */
  z.object({
    type: z.literal('fetch'),
    tokens: z.array(FetchToken).max(FETCH_TOKENS_MAX),
    withdrawn: z.array(FetchToken).max(FETCH_TOKENS_MAX),
    is_resumed: z.boolean(),
  }),
  /** Answered by `queue_answers`. */
  z.object({ type: z.literal('queue_calls'), calls: z.array(QueueCall).min(1).max(1024) }),
  /** The queue server refuses this worker's credentials: it may have been restarted and forgotten them. */
  z.object({ type: z.literal('access_lost') }),
  /** Output that was asked for by `follow`; `offset` is that of the first byte of `frames_base64`. */
  z.object({ type: z.literal('output'), follow: Uuid, offset: z.int(), frames_base64: z.string() }),
  /** All output of the attempt was sent; `error` when it could not be. */
  z.object({ type: z.literal('output_end'), follow: Uuid, error: z.string().optional() }),
  /** The answer to `terminal`; `taken` and `offset` as the routes of terminals tell them. */
  z.object({
    type: z.literal('terminal'),
    request: Uuid,
    taken: z.int(),
    offset: z.int(),
    refusal: z.enum(TERMINAL_REFUSALS).optional(),
  }),
  /** A part of a stream into a running attempt. */
  z.object({ type: z.literal('stream'), stream: Uuid, part: StreamReport }),
  /** What running tasks say of themselves, since the last time. */
  z.object({
    type: z.literal('progress'),
    /** One that can't be read is left out, and costs the others nothing. */
    reports: z
      .array(z.unknown())
      .max(1024)
      .transform((reports) => reports.flatMap((report) => ProgressReport.safeParse(report).data ?? [])),
  }),
]);
export type FromWorker = z.output<typeof FromWorker>;

/** What the coordinator says. */
export const ToWorker = z.discriminatedUnion('type', [
  /** The queues to consume, whole list; sent on connect and on every change. */
  z.object({ type: z.literal('queues'), names: z.array(z.string()) }),
  /** Attempts of the last heartbeat that are not current: end them, report nothing. */
  z.object({
    type: z.literal('leases'),
    stale: z.array(AttemptRef),
    /** Those that somebody wants to end: the order itself may have been lost. */
    cancelled: z.array(AttemptRef.extend({ reason: z.string() })).default([]),
  }),
  /** Tasks to run, each for one token of `fetch`. */
  z.object({ type: z.literal('deliveries'), deliveries: z.array(RemoteJob) }),
  /** No further delivery comes for these tokens. */
  z.object({ type: z.literal('withdrawn'), tokens: z.array(z.string()) }),
  z.object({
    type: z.literal('queue_answers'),
    answers: z.array(
      z.object({
        id: z.int(),
        /** The jobs of a `renew` whose lock is lost. */
        lost: z.array(z.string()).optional(),
        /** With `code` the queue itself has refused. */
        error: z.object({ message: z.string(), code: z.int().optional() }).optional(),
      }),
    ),
  }),
  /** What people want of the worker; sent on connect and on every change. */
  z.object({ type: z.literal('wanted'), wanted: z.enum(WANTED_STATES) }),
  /** Claim these now: they were placed on this worker. */
  z.object({ type: z.literal('place'), tasks: z.array(z.object({ task: Uuid, priority: z.int() })) }),
  /** Whether its machine has room for tasks that ask for nothing; sent again while it has none. */
  z.object({ type: z.literal('room'), is_full: z.boolean() }),
  z.object({ type: z.literal('cancel'), attempt: AttemptRef, reason: z.string() }),
  /** Send output from byte `from` on, at most `FOLLOW_WINDOW_BYTES` beyond what was acknowledged. */
  z.object({
    type: z.literal('follow'),
    follow: Uuid,
    attempt: AttemptRef,
    from: z.int().min(0),
    /** Only what is there now. */
    is_snapshot: z.boolean().default(false),
  }),
  z.object({ type: z.literal('follow_ack'), follow: Uuid, offset: z.int() }),
  z.object({ type: z.literal('unfollow'), follow: Uuid }),
  /** Give a terminal this size, or type there; answered by `terminal` once it has taken it. */
  z.object({
    type: z.literal('terminal'),
    request: Uuid,
    attempt: AttemptRef,
    size: TerminalSize.extend({ redraw: z.boolean() }).optional(),
    typed: TypeInTerminal.omit({ attempt: true }).optional(),
  }),
  /** A part of a stream into a running attempt; `open` comes first. */
  z.object({ type: z.literal('stream'), stream: Uuid, part: StreamOrder }),
]);
export type ToWorker = z.output<typeof ToWorker>;

/** Output on its way to one reader that was not acknowledged yet. */
export const FOLLOW_WINDOW_BYTES = 262_144;
