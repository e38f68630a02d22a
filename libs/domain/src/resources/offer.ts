import { invalidField } from '../errors.js';
import { UNIT_NAME_PATTERN } from './need.js';

/** One device that a worker offers. */
export interface OfferedGpu {
  /** The UUID that the driver gives it: the same for every process of the machine. */
  readonly id: string;
  /** Its place in the order of the bus. */
  readonly index: number;
  readonly model: string;
  readonly mem_bytes: number;
  /** Memory that nobody uses, when the worker last looked. */
  readonly free_bytes: number;
  readonly maker: 'nvidia' | 'amd';
}

/** What one worker offers of its machine. */
export interface Offer {
  readonly cpus: number;
  /** Numbers of the cores behind `cpus`; empty when they can't be told apart. */
  readonly cores: readonly number[];
  readonly mem_bytes: number;
  readonly disk_bytes: number;
  readonly gpus: readonly OfferedGpu[];
  /** By name, the names of the units. */
  readonly units: Readonly<Record<string, readonly string[]>>;
}

/** Makers and families that people leave out. */
const NOISE: ReadonlySet<string> = new Set(['nvidia', 'tesla', 'amd', 'geforce', 'radeon', 'instinct', 'graphics']);

/** Words of a model's name without case: `NVIDIA A100-SXM4-80GB` is a100, sxm4, 80gb. */
export function modelWords(model: string): string[] {
  const words = model.toLowerCase().split(/[^a-z0-9.]+/);
  return words.filter((word) => word !== '' && !NOISE.has(word));
}

/** True when every word of `asked` is a word of the model: `a10` is not an `A100`. */
export function isModel(model: string, asked: string): boolean {
  const words = new Set(modelWords(model));
  return modelWords(asked).every((word) => words.has(word));
}

const NAMES_MAX = 4096;

function unitNames(name: string, value: string, option: string): string[] {
  const listed = /^\[(.*)\]$/s.exec(value)?.[1];
  if (listed !== undefined) {
    const names = listed.split(',').map((item) => item.trim());
    if (names.some((item) => !/^[\w.:/-]{1,64}$/.test(item)))
      throw invalidField(option, `"${name}=${value}" has a unit without a plain name; write for example fpga=[a,b]`);
    if (new Set(names).size !== names.length) throw invalidField(option, `"${name}=${value}" names a unit twice`);
    return names;
  }
  const count = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > NAMES_MAX)
    throw invalidField(option, `"${name}=${value}" is neither a number from 1 to ${NAMES_MAX} nor a list like [a,b]`);
  return Array.from({ length: count }, (_, index) => String(index + 1));
}

/** Splits at commas that are outside of brackets. */
function splitOffers(text: string): string[] {
  return text.split(/,(?![^[]*\])/).map((part) => part.trim());
}

/** `license=2`, `fpga=[a,b]`: what a worker offers by name. Throws, naming `option`. */
export function parseOffers(values: readonly string[], option = '--offer'): Record<string, string[]> {
  const offers: Record<string, string[]> = {};
  for (const part of values.flatMap(splitOffers)) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!UNIT_NAME_PATTERN.test(name))
      throw invalidField(option, `"${part}" is not of the form NAME=COUNT or NAME=[A,B], with a lower-case name`);
    if (Object.hasOwn(offers, name)) throw invalidField(option, `${name} is named twice`);
    offers[name] = unitNames(name, equals < 0 ? '1' : part.slice(equals + 1), option);
  }
  return offers;
}
