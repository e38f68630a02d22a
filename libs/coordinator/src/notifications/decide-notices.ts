import { isFinal, type NoticeEvent, type TaskState } from '@mitosis/domain';

/** What counts of a job or a task. */
export interface SubjectState {
  readonly state: TaskState;
  readonly hasStarted: boolean;
  /** Ready tasks wait and none runs, though nobody has suspended anything. */
  readonly isWaiting: boolean;
  /** When a task of it started or ended last, in ms; null when none did. */
  readonly changedAt: number | null;
  /** Names this end; another one after a retry has another name. Null while it is open. */
  readonly endKey: string | null;
}

/** What was told of it so far. */
export interface Told {
  readonly hasToldStart: boolean;
  readonly toldEnd: string | null;
  readonly waitingSince: number | null;
  /** The longest wait since then that somebody was told of; 0 for none. */
  readonly toldStuckMs: number;
}

/** A receiver and what it wants to be told of. */
export interface NoticeRule {
  readonly receiver: string;
  readonly on: ReadonlySet<NoticeEvent>;
  readonly stuckAfterMs: number | null;
}

export interface DecidedNotices {
  readonly event: NoticeEvent | null;
  readonly receivers: readonly string[];
  /** For how long it waits, of one that is stuck. */
  readonly waitedMs: number;
  readonly told: Told;
  /** When to look again without a change, in ms. */
  readonly dueAt: number | null;
}

const wanting = (rules: readonly NoticeRule[], ...events: NoticeEvent[]): string[] =>
  rules.filter(({ on }) => events.some((event) => on.has(event))).map(({ receiver }) => receiver);

function decideStuck(
  { isWaiting, changedAt }: SubjectState,
  told: Told,
  { rules, now }: { readonly rules: readonly NoticeRule[]; readonly now: number },
): DecidedNotices {
  const spans = rules.flatMap(({ on, stuckAfterMs }) =>
    on.has('stuck') && stuckAfterMs !== null ? [stuckAfterMs] : [],
  );
  const none = { event: null, receivers: [], waitedMs: 0 } as const;
  if (spans.length === 0) return { ...none, told: { ...told, waitingSince: null, toldStuckMs: 0 }, dueAt: null };
  const shortest = Math.min(...spans);
  if (!isWaiting) return { ...none, told: { ...told, waitingSince: null, toldStuckMs: 0 }, dueAt: now + shortest };
  const goesOn = told.waitingSince !== null && told.waitingSince >= (changedAt ?? 0);
  const waitingSince = goesOn ? (told.waitingSince ?? now) : now;
  const waitedMs = now - waitingSince;
  const before = goesOn ? told.toldStuckMs : 0;
  const reached = rules.filter(
    ({ on, stuckAfterMs: ms }) => on.has('stuck') && ms !== null && ms > before && ms <= waitedMs,
  );
  const toldStuckMs = Math.max(before, ...reached.map(({ stuckAfterMs }) => stuckAfterMs ?? 0));
  const coming = spans.filter((ms) => ms > toldStuckMs);
  return {
    event: reached.length > 0 ? 'stuck' : null,
    receivers: reached.map(({ receiver }) => receiver),
    waitedMs,
    told: { ...told, waitingSince, toldStuckMs },
    dueAt: coming.length > 0 ? waitingSince + Math.min(...coming) : null,
  };
}

/**
 * Who is to be told what, given what was told before: the start once, each end once (as `failed` when it failed, to
 * whoever wants to hear of either), and a wait when it gets as long as a receiver has said.
 */
export function decideNotices(
  subject: SubjectState,
  told: Told,
  when: { readonly rules: readonly NoticeRule[]; readonly now: number },
): DecidedNotices {
  const { rules } = when;
  if (isFinal(subject.state)) {
    const isNew = subject.endKey !== told.toldEnd;
    const event = subject.state === 'failed' ? 'failed' : 'ended';
    return {
      event: isNew ? event : null,
      receivers: isNew ? wanting(rules, 'ended', event) : [],
      waitedMs: 0,
      told: { hasToldStart: true, toldEnd: subject.endKey, waitingSince: null, toldStuckMs: 0 },
      dueAt: null,
    };
  }
  if (subject.hasStarted && !told.hasToldStart) {
    const { dueAt, told: next } = decideStuck(subject, { ...told, hasToldStart: true }, when);
    return { event: 'started', receivers: wanting(rules, 'started'), waitedMs: 0, told: next, dueAt };
  }
  return decideStuck(subject, told, when);
}
