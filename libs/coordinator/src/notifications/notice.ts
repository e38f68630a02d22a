/** Tasks of a job that ended for the same reason, with the last lines of one of them. */
export interface NoticeFailure {
  readonly count: number;
  readonly why: string;
  readonly lines: readonly string[];
}

/** What all messages about a job or a task say, before a channel gives it its form. Secrets are masked already. */
export interface Notice {
  readonly event: 'started' | 'ended' | 'failed' | 'stuck' | 'test';
  /** One line. */
  readonly title: string;
  readonly subject: {
    readonly kind: 'job' | 'task';
    readonly uuid: string;
    readonly name: string;
    readonly group: string;
    readonly creator: string;
    readonly state: string;
    readonly counts: Readonly<Record<string, number>>;
  } | null;
  /** What it used so far. */
  readonly used: {
    readonly elapsed_ms: number;
    readonly wall_ms: number;
    readonly cpu_ms: number;
    readonly peak_rss_bytes: number | null;
    readonly attempts: number;
  } | null;
  readonly failures: readonly NoticeFailure[];
  /** Failed tasks that are in none of `failures`. */
  readonly other_failures: number;
  /** Why it waits, of one that is stuck. */
  readonly reason: string | null;
  readonly link: string | null;
}

/** Messages that are told of in this one, as too many came within an hour. */
export interface MoreNotices {
  readonly count: number;
  /** Some of their titles. */
  readonly titles: readonly string[];
}

/** A message as a channel gets it. */
export interface Outgoing {
  readonly id: string;
  readonly createdAt: Date;
  readonly notice: Notice;
  readonly more: MoreNotices;
}
