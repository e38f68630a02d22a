import { cutText, MitoError, storableText, type Log } from '@mitosis/domain';
import type { WorkerTrouble } from '@mitosis/protocol';

const STORE_TROUBLES: ReadonlySet<string> = new Set([
  'transfer_interrupted',
  'transfer_refused',
  'storage_unavailable',
  'storage_full',
]);

/** True when the object store, and not the coordinator, is what can't be used. */
function isOfStore(error: unknown): error is MitoError {
  return error instanceof MitoError && STORE_TROUBLES.has(error.code);
}

/** Something that a worker needs for its work. */
export type Need = 'queue' | 'object store' | 'work folder';

interface Trouble {
  readonly since: number;
  reason: string;
  isTold: boolean;
}

/** A failure shorter than this is nobody's business: it is tried again. */
const TELL_AFTER_MS = 3_000;
const REASON_MAX = 300;

/**
 * What keeps this worker from working. A need fails → (3 s) → it is told, once → it works again, told once.
 * The heartbeats carry what was told.
 */
export class Troubles {
  private readonly open = new Map<Need, Trouble>();

  constructor(
    private readonly log: Log,
    private readonly onChange: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(need: Need, reason: string): void {
    const trouble = this.open.get(need);
    const text = cutText(storableText(reason), REASON_MAX);
    if (!trouble) {
      this.open.set(need, { since: this.now(), reason: text, isTold: false });
      return;
    }
    trouble.reason = text;
    if (trouble.isTold || this.now() - trouble.since < TELL_AFTER_MS) return;
    trouble.isTold = true;
    this.log.warn({ need, reason: text }, 'this worker cannot work');
    this.onChange();
  }

  works(need: Need): void {
    const trouble = this.open.get(need);
    this.open.delete(need);
    if (!trouble?.isTold) return;
    const lastedS = Math.round((this.now() - trouble.since) / 1000);
    this.log.info({ need, lasted_s: lastedS }, 'this worker can work again');
    this.onChange();
  }

  /** Runs a call to the object store, and notes whether that can be used; throws what it throws. */
  async storing(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      this.works('object store');
    } catch (error) {
      if (isOfStore(error)) this.failed('object store', `the object store can't be used: ${error.message}`);
      throw error;
    }
  }

  /** The first that began, for the heartbeat. */
  get current(): WorkerTrouble | undefined {
    const [first] = [...this.open.values()].filter(({ isTold }) => isTold).sort((a, b) => a.since - b.since);
    return first && { reason: first.reason, lasts_ms: Math.round(this.now() - first.since) };
  }
}

const OUTAGES: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'refuses the connection'],
  [/ENOTFOUND|EAI_AGAIN/, 'has no address: its name is not known here'],
  [/EHOSTUNREACH|ENETUNREACH|ENETDOWN/, "can't be reached from here"],
  [/ETIMEDOUT|timeout|max retries|Connection is closed|Stream isn't writeable/i, 'does not answer'],
  [/28P01|28000|WRONGPASS|NOAUTH|password authentication/, 'refuses the credentials'],
];

/** A sentence on a server that can't be used; without the password of an address. */
export function describeOutage(what: string, address: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  const known = OUTAGES.find(([pattern]) => pattern.test(`${code} ${message}`));
  const why = known ? known[1] : `can't be used: ${message.replaceAll(/:\/\/[^@\s]*@/g, '://')}`;
  return `${what} at ${address} ${why}`;
}
