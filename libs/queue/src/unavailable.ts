import { MitoError } from '@mitosis/domain';

/** Wraps what a server or a connection threw; errors that are ours already pass through. */
export function queueUnavailable(cause: unknown): MitoError {
  if (cause instanceof MitoError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MitoError('unavailable', 'queue_unavailable', `the queue server does not answer: ${reason}`, { cause });
}

/** Runs `call`, throwing `queue_unavailable` for whatever it throws. */
export async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw queueUnavailable(error);
  }
}

/**
 * Runs `call`; throws `queue_access_denied` when the server
 * does not let us do that, as {@link orUnavailable} otherwise.
 */
export async function orDenied<T>(advice: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isDenied(error)) throw queueUnavailable(error);
    const message = `the coordinator may not give workers access to the queues (${reasonOf(error)}). ${advice}`;
    throw new MitoError('forbidden', 'queue_access_denied', message, { cause: error });
  }
}

/** What an error says, for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** True when BullMQ itself refused: the job is gone, or its lock is lost or somebody else's. */
export function isRefusedByQueue(error: unknown): boolean {
  return typeof codeOf(error) === 'number';
}

/** True when the server knows us but denies this queue (`NOPERM`; Postgres: 42501). */
export function isDenied(error: unknown): boolean {
  return codeOf(error) === '42501' || /\bNOPERM\b|user executing the script can't access/.test(reasonOf(error));
}

/** True when the server refuses our credentials altogether. */
export function isAccessLost(error: unknown): boolean {
  const code = codeOf(error);
  return code === '28P01' || code === '28000' || /\b(WRONGPASS|NOAUTH)\b/.test(reasonOf(error));
}

/** SQLSTATE classes of data that can't be stored: data exception, constraint violated, program limit exceeded. */
const REFUSED_DATA = /^(22|23|54)[0-9A-Z]{3}$/;
/** Replies of Redis that speak of the command and not of the state of the server. */
const REFUSED_COMMAND = /^(ERR|WRONGTYPE)\b(?!.*\bmax number of clients\b)/;

/** True when what was sent was refused: the server is there, and would refuse the same again. */
export function isDataRefused(error: unknown): boolean {
  if (error instanceof MitoError) return error.kind === 'invalid';
  if (error instanceof TypeError || error instanceof RangeError) return true;
  if (error instanceof Error && error.name === 'ReplyError') return REFUSED_COMMAND.test(error.message);
  return REFUSED_DATA.test(String(codeOf(error)));
}
