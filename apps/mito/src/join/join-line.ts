import { MitoError } from '@mitosis/domain';

export interface JoinLineParts {
  /** Of the coordinator, as the other machine reaches it. */
  readonly address: string;
  readonly pin: string;
  readonly code: string;
  /** Options of `mito join`. */
  readonly options?: readonly string[];
}

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** True for an address that leads another machine to itself. */
export function isOwnAddress(address: string): boolean {
  return LOOPBACK.test(new URL(address).hostname);
}

/**
 * The line for a shell on another machine that makes it a worker. curl compares the pin before it takes a byte; the
 * code is in the environment, where other users do not see it. There is no line without a pin.
 */
export function joinLine({ address, pin, code, options = [] }: JoinLineParts): string {
  const [at, key] = [quoted(address), quoted(pin)];
  const more = options.map((option) => ` ${quoted(option)}`).join('');
  return (
    `curl -kfsS --pinnedpubkey ${key} ${quoted(`${address}/join`)} ` +
    `| MITO_ENROLL=${quoted(code)} sh -s ${at} ${key}${more}`
  );
}

function quoted(text: string): string {
  if (/^[\w:/.,=@+-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Where a machine is to join: what was asked for, what the coordinator says, or the address that is used here. */
export async function joinPlace({
  asked,
  said,
  used,
  usedPin,
}: {
  readonly asked: string | undefined;
  readonly said: { readonly address?: string | undefined; readonly pin?: string | undefined };
  readonly used: string;
  readonly usedPin: string | undefined;
}): Promise<{ readonly address: string; readonly pin: string } | undefined> {
  const address = asked ?? said.address ?? (isOwnAddress(used) ? undefined : used);
  if (address === undefined || !address.startsWith('https:')) return undefined;
  // A key that is wrong there is no danger: whoever joins refuses it.
  const known = said.pin ?? usedPin;
  if (known !== undefined) return { address, pin: known };
  const { pinAt } = await import('@mitosis/client');
  try {
    return { address, pin: await pinAt(address) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the key of ${address} could not be read, without which there is no join line: ${why}`;
    throw new MitoError('unavailable', 'coordinator_unreachable', message, { cause });
  }
}
