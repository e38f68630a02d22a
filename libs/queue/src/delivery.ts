/** One job as it travels: enough to claim the task and to read it on the board; never secrets. */
export interface Delivery {
  /** `<taskId>-<dispatch>`; a job id with another form is refused by BullMQ or by us. */
  readonly jobId: string;
  readonly taskId: string;
  /** Counts the times the task was put on a queue, from 1. */
  readonly dispatch: number;
  /** Higher first, -1000 to 1000. */
  readonly priority: number;
  /** A short summary for a person. */
  readonly name: string;
  /** What the coordinator has opened for it, when it comes over the coordinator. */
  readonly attempt?: unknown;
}

/** A delivery that a queue did not take, though it takes others. */
export interface RefusedDelivery {
  readonly delivery: Delivery;
  /** What the queue server said, in words for a person. */
  readonly reason: string;
}
