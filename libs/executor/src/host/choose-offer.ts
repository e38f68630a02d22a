import { formatBytes, invalidField, parseNeedBytes, type Offer, type OfferedGpu } from '@mitosis/domain';
import type { DetectedHost } from './detect-host.js';

/** What the operator of a worker says about its offer. */
export interface OfferChoice {
  readonly cpus?: number | undefined;
  readonly memBytes?: number | undefined;
  /** How many devices, the first ones of those that were found. */
  readonly gpus?: number | undefined;
  /** `cpus=1,mem=4GiB,gpus=1,disk=10GiB`: kept back for others. */
  readonly reserve: readonly string[];
  readonly units: Readonly<Record<string, readonly string[]>>;
}

export interface ChosenOffer {
  readonly offer: Offer;
  /** What the operator should know: for example, that more is offered than there is. */
  readonly warnings: readonly string[];
}

interface Reserve {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
}

const RESERVABLE = ['cpus', 'mem', 'disk', 'gpus'] as const;

/** Throws, naming `--reserve`. */
export function parseReserve(values: readonly string[]): Reserve {
  const reserve = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const part of values.flatMap((value) => value.split(','))) {
    const [name = '', amount = ''] = part.split('=').map((text) => text.trim());
    const kind = RESERVABLE.find((known) => known === name);
    if (kind === undefined)
      throw invalidField(
        '--reserve',
        `"${part}" is not of the form NAME=AMOUNT; the names are ${RESERVABLE.join(', ')}`,
      );
    const isCounted = kind === 'cpus' || kind === 'gpus';
    if (isCounted && !/^\d{1,5}$/.test(amount))
      throw invalidField('--reserve', `"${part}" is not a whole number of ${kind}`);
    reserve[kind] = isCounted ? Number(amount) : parseNeedBytes(amount, '--reserve');
  }
  return reserve;
}

function more(what: string, chosen: string, found: string): string {
  return `${chosen} of ${what} are offered, but the machine has ${found}: tasks may be slower, or run out of it`;
}

function chooseGpus(
  found: readonly OfferedGpu[],
  wanted: number | undefined,
  kept: number,
  warnings: string[],
): OfferedGpu[] {
  const count = wanted ?? found.length;
  if (count > found.length)
    warnings.push(`${count} GPUs are to be offered, but ${found.length} were found: only these are`);
  return found.slice(0, Math.max(Math.min(count, found.length) - kept, 0));
}

/** What a worker offers: what was found, or what its operator says instead, without what is kept back. */
export function chooseOffer({ offer: found }: DetectedHost, choice: OfferChoice): ChosenOffer {
  const warnings: string[] = [];
  const reserve = parseReserve(choice.reserve);
  const cpus = choice.cpus ?? found.cpus;
  const memory = choice.memBytes ?? found.mem_bytes;
  if (cpus > found.cpus && found.cpus > 0) warnings.push(more('cores', String(cpus), String(found.cpus)));
  if (memory > found.mem_bytes && found.mem_bytes > 0)
    warnings.push(more('memory', formatBytes(memory), formatBytes(found.mem_bytes)));
  const offered = Math.max(cpus - reserve.cpus, 0);
  return {
    offer: {
      cpus: offered,
      // The last ones: the first are those that the system itself likes to use.
      cores: found.cores.length >= offered ? found.cores.slice(found.cores.length - offered) : [],
      mem_bytes: Math.max(memory - reserve.mem, 0),
      disk_bytes: Math.max(found.disk_bytes - reserve.disk, 0),
      gpus: chooseGpus(found.gpus, choice.gpus, reserve.gpus, warnings),
      units: choice.units,
    },
    warnings,
  };
}
