import { cutText } from '@mitosis/domain';

/** What the audit log keeps of a request that was refused; see {@link RefusalFolds}. */
export interface Refusal {
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly action: string;
  readonly object: string;
  readonly address: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The refusals that one row of the audit log stands for. */
export interface Fold {
  /** The row; undefined until it is stored. */
  id: string | undefined;
  count: number;
  /** The object of the row, then the first others of its kind. */
  readonly also: string[];
}

const MINUTE_MS = 60_000;
const ALSO_MAX = 10;
const OBJECT_MAX = 200;

/** `/tasks` of `/tasks/1f…/output`, `user` of `user alice`. */
function kindOf(object: string): string {
  return /^\/?[^/ ?]*/.exec(object)?.[0] ?? '';
}

function keyOf({ actor_kind, actor_id, action, object, address, details }: Refusal): string {
  return JSON.stringify([actor_kind, actor_id ?? address, action, kindOf(object), details.status]);
}

/**
 * Bounds what refusals cost: those of one caller (an account, a worker, or an address) with the same operation,
 * status and kind of object are one row a minute, with their number and the first objects. Of callers who are not
 * logged in, the number of rows that begin in a minute is limited; what is beyond the limits is counted in a row of its
 * own.
 */
export class RefusalFolds {
  private readonly folds = new Map<string, Fold>();
  private minute = 0;
  private anonymous = 0;

  constructor(private readonly limits: { readonly anonymous: number; readonly all: number }) {}

  /** The fold of a refusal: a new one has to be stored. Undefined: beyond the limits, or no row `mayBegin`. */
  add(refusal: Refusal, nowMs: number, mayBegin = true): { readonly fold: Fold; readonly isNew: boolean } | undefined {
    this.turn(nowMs);
    const key = keyOf(refusal);
    const known = this.folds.get(key);
    if (known) return { fold: addTo(known, refusal), isNew: false };
    const isAnonymous = refusal.actor_kind === 'anonymous';
    const isFull = (!mayBegin || this.folds.size >= this.limits.all) && refusal.actor_kind !== 'system';
    if (isFull || (isAnonymous && this.anonymous >= this.limits.anonymous)) return undefined;
    if (isAnonymous) this.anonymous += 1;
    const fold: Fold = { id: undefined, count: 1, also: [refusal.object] };
    this.folds.set(key, fold);
    return { fold, isNew: true };
  }

  private turn(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.minute) return;
    this.folds.clear();
    [this.minute, this.anonymous] = [minute, 0];
  }
}

function addTo(fold: Fold, { object }: Refusal): Fold {
  fold.count += 1;
  if (fold.also.length <= ALSO_MAX && !fold.also.includes(object)) fold.also.push(object);
  return fold;
}

/** What a fold adds to the details of its row. */
export function detailsOf({ count, also }: Fold): Record<string, unknown> {
  const others = also.slice(1).map((object) => cutText(object, OBJECT_MAX));
  return { count, ...(others.length > 0 && { also: others }) };
}
