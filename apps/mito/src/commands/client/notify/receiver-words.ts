import { invalidField } from '@mitosis/domain';
import type { CreateReceiverInput } from '@mitosis/protocol';
import { parseWithin } from '../../task-options.js';

type Kind = CreateReceiverInput['kind'];

const KINDS: readonly Kind[] = ['webhook', 'slack', 'mail', 'command'];
const PER_HOUR = [1, 1000] as const;

const kindIn = (words: readonly string[]): Kind | undefined => KINDS.find((kind) => words.includes(kind));

/** What takes messages at this address, as far as its form tells. */
function kindOf(address: string): Kind {
  return address.includes('://') ? 'webhook' : 'mail';
}

/** The line that was probably meant by words in another order; undefined when no word can be the target. */
function meantLine(words: readonly string[]): string | undefined {
  const others = words.filter((word) => word !== kindIn(words));
  const address = words.find((word) => /:\/\/|@/.test(word)) ?? (others.length === 1 ? others[0] : undefined);
  if (address === undefined) return undefined;
  const kind = kindIn(words) ?? kindOf(address);
  const name = others.find((word) => word !== address);
  return `mito notify add ${kind} ${address}${name === undefined ? '' : ` --name ${name}`}`;
}

/** The words of `notify add`: a kind and one target. Throws `invalid_request` with the line to write instead. */
export function parseReceiver(first: string, targets: readonly string[]): Pick<CreateReceiverInput, 'kind' | 'target'> {
  const kind = kindIn([first]);
  const [target = ''] = targets;
  if (kind !== undefined && targets.length === 1) return { kind, target };
  const line = meantLine([first, ...targets]);
  const advice = line === undefined ? '' : `; write: ${line}`;
  if (kind === undefined) throw invalidField('kind', `"${first}" is none of ${KINDS.join(', ')}${advice}`);
  throw invalidField('target', `a receiver has one target, not ${targets.length}${advice}`);
}

/** `--per-hour` as a field of a receiver. */
export function parsePerHour(text: string | undefined): Pick<CreateReceiverInput, 'per_hour'> {
  return text === undefined ? {} : { per_hour: parseWithin(text, '--per-hour', PER_HOUR) };
}
