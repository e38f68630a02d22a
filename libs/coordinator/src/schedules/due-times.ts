import { cronTimesAfter, type Cron } from '@mitosis/domain';

/** What is done about one time of a schedule. */
export interface DueTime {
  readonly at: number;
  /** Undefined: it runs. */
  readonly skipped?: string;
}

export interface DueTimes {
  readonly times: readonly DueTime[];
  /** Strictly later than now; undefined when there is none. */
  readonly next: number | undefined;
}

/** A time that is looked at this late was not missed. */
const ON_TIME_MS = 60_000;
/** The most missed times that run with `all`, and the most skipped ones that are listed. */
export const CATCH_UP_MAX = 100;
/** Times that were missed longer ago are not looked for one by one. */
const LOOKED_AT_MS = 7 * 86_400_000;

/** The times from `next` on that are due at `now`, oldest first. */
function dueFrom(
  cron: Cron,
  zone: string,
  next: number,
  now: number,
): { due: number[]; isCut: boolean; next?: number } {
  const isCut = now - next > LOOKED_AT_MS;
  const due: number[] = [];
  let following: number | undefined;
  if (!isCut) due.push(next);
  for (const at of cronTimesAfter(cron, zone, isCut ? now - LOOKED_AT_MS : next)) {
    if (at > now) {
      following = at;
      break;
    }
    due.push(at);
  }
  // A schedule of few times: the one that is due stands before the span that was looked at.
  if (isCut && due.length === 0) due.push(next);
  return { due, isCut, ...(following !== undefined && { next: following }) };
}

/**
 * Decides about all times that are due: which run and which are left out, and why. With `last` the newest one runs,
 * with `all` the newest hundred, with `none` only one that is due just now.
 */
export function decideDueTimes(
  cron: Cron,
  { zone, next, now, catchUp }: { zone: string; next: number; now: number; catchUp: 'none' | 'last' | 'all' },
): DueTimes {
  const { due, isCut, next: following } = dueFrom(cron, zone, next, now);
  const kept = catchUp === 'all' ? CATCH_UP_MAX : 1;
  const times = due.map((at, place): DueTime => {
    if (catchUp === 'none' && now - at > ON_TIME_MS) return { at, skipped: 'it was missed, and catch-up is "none"' };
    if (place >= due.length - kept) return { at };
    const why = catchUp === 'all' ? `more than ${CATCH_UP_MAX} times were missed` : 'a later time was missed as well';
    return { at, skipped: why };
  });
  const skipped = times.filter((time) => time.skipped !== undefined);
  const unlisted = skipped.length - CATCH_UP_MAX;
  const listed = new Set(skipped.slice(-CATCH_UP_MAX));
  const shown = times.filter((time) => time.skipped === undefined || listed.has(time));
  const [oldest, ...rest] = shown;
  const more = unlisted > 0 || isCut ? `; ${isCut ? 'all' : unlisted} earlier missed times are not listed` : '';
  const told =
    oldest?.skipped === undefined || more === ''
      ? shown
      : [{ ...oldest, skipped: `${oldest.skipped}${more}` }, ...rest];
  return { times: told, next: following };
}
