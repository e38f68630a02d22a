/** A job on its way to the consumer that it was taken for, with whatever was opened for it. */
export interface RemoteJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly data: string;
  /** The token that the consumer has asked with; the lock of the job is held under it. */
  readonly token: string;
  readonly attempt?: unknown;
}

/** An operation on a job that the consumer holds. */
export type QueueOperation =
  | { readonly op: 'complete'; readonly queue: string; readonly job: string; readonly token: string }
  | {
      readonly op: 'fail';
      readonly queue: string;
      readonly job: string;
      readonly token: string;
      readonly reason: string;
    }
  | {
      readonly op: 'renew';
      readonly queue: string;
      readonly jobs: readonly string[];
      readonly tokens: readonly string[];
      readonly lock_ms: number;
    }
  | {
      readonly op: 'give_back';
      readonly queue: string;
      readonly job: string;
      readonly token: string;
      readonly attempt?: unknown;
    };

export type QueueCall = QueueOperation & { readonly id: number };

/** `lost`: the jobs of a `renew` whose lock is lost. `code`: BullMQ refused, its own number. */
export interface QueueAnswer {
  readonly id: number;
  readonly lost?: readonly string[] | undefined;
  readonly error?: { readonly message: string; readonly code?: number | undefined } | undefined;
}

/** What a consumer says to the desk that fetches for it. */
export type FromConsumer =
  /**
   * One token for each delivery that there is room for, from now on; `withdrawn` are no longer valid. With
   * `is_resumed`, the first message of a connection, these are all of them: some may have been used already.
   */
  | {
      readonly type: 'fetch';
      readonly tokens: readonly string[];
      readonly withdrawn: readonly string[];
      readonly is_resumed: boolean;
    }
  | { readonly type: 'queue_calls'; readonly calls: readonly QueueCall[] };

/** What the desk says. */
export type ToConsumer =
  | { readonly type: 'deliveries'; readonly deliveries: readonly RemoteJob[] }
  /** No further delivery comes for these; what was on its way before them has arrived. */
  | { readonly type: 'withdrawn'; readonly tokens: readonly string[] }
  | { readonly type: 'queue_answers'; readonly answers: readonly QueueAnswer[] };
