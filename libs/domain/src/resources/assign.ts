import { formatBytes } from '../bytes.js';
import { DEFAULT_CPUS, GPU_WHOLE, gpuThousandths, type Need } from './need.js';
import { isModel, type Offer, type OfferedGpu } from './offer.js';

/** A device, or a part of one, that an attempt holds. */
export interface AssignedGpu {
  readonly id: string;
  readonly index: number;
  readonly maker: 'nvidia' | 'amd';
  readonly thousandths: number;
  readonly mem_bytes: number;
}

/** What one attempt holds of a machine. */
export interface Assignment {
  /** Which of the task's alternatives it is. */
  readonly alternative: number;
  readonly cpus: number;
  readonly cores: readonly number[];
  /** Null when the task asked for none. */
  readonly mem_bytes: number | null;
  readonly disk_bytes: number | null;
  readonly gpus: readonly AssignedGpu[];
  readonly units: Readonly<Record<string, readonly string[]>>;
  readonly is_whole: boolean;
}

/** What of a machine is taken. */
export interface Usage {
  readonly held: readonly Assignment[];
  /** Cores of attempts that hold nothing by name, because they asked for nothing. */
  readonly looseCpus: number;
}

/** Nothing is taken: with it, {@link assign} says whether a machine could ever hold a need. */
export const UNUSED: Usage = { held: [], looseCpus: 0 };

/** Either what to give, or what is missing, in words. */
export type Fit =
  | { readonly assignment: Assignment; readonly missing?: undefined }
  | { readonly assignment?: undefined; readonly missing: readonly string[] };

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface GpuRoom {
  readonly gpu: OfferedGpu;
  readonly taken: number;
  readonly takenBytes: number;
}

function gpuRooms({ gpus }: Offer, { held }: Usage): GpuRoom[] {
  return gpus.map((gpu) => {
    const shares = held.flatMap((one) => one.gpus).filter(({ id }) => id === gpu.id);
    return {
      gpu,
      taken: sum(shares.map(({ thousandths }) => thousandths)),
      takenBytes: sum(shares.map(({ mem_bytes }) => mem_bytes)),
    };
  });
}

function toAssigned({ id, index, maker }: OfferedGpu, thousandths: number, memory: number): AssignedGpu {
  return { id, index, maker, thousandths, mem_bytes: memory };
}

/** A part of one device: the fullest that has room, so that whole ones stay free. */
function partOfGpu(rooms: readonly GpuRoom[], thousandths: number, memory: number): AssignedGpu[] | undefined {
  const [best] = rooms
    .filter(({ taken, takenBytes, gpu }) => taken + thousandths <= GPU_WHOLE && takenBytes + memory <= gpu.mem_bytes)
    .toSorted((a, b) => b.taken - a.taken || a.gpu.index - b.gpu.index);
  return best && [toAssigned(best.gpu, thousandths, memory)];
}

/** Whole devices that nobody has a part of: those with the least memory that is enough. */
function wholeGpus(rooms: readonly GpuRoom[], count: number, memory: number): AssignedGpu[] | undefined {
  const free = rooms
    .filter(({ taken, gpu }) => taken === 0 && gpu.free_bytes >= memory)
    .toSorted((a, b) => a.gpu.mem_bytes - b.gpu.mem_bytes || a.gpu.index - b.gpu.index);
  if (free.length < count) return undefined;
  return free.slice(0, count).map(({ gpu }) => toAssigned(gpu, GPU_WHOLE, memory));
}

function missingGpus(rooms: readonly GpuRoom[], all: number, need: Need): string {
  const { gpu_model: model } = need;
  const kind = model === undefined ? 'GPU' : `GPU ${model}`;
  if (all === 0) return 'no GPU';
  if (rooms.length === 0) return `no ${kind}`;
  const shares = rooms.map(({ taken }) => (GPU_WHOLE - taken) / GPU_WHOLE);
  const isSame = shares.every((share) => share === shares[0]);
  const free = isSame ? `${shares[0]} free on each of ${shares.length}` : `free: ${shares.join(', ')}`;
  return `${kind}: ${free}`;
}

function assignGpus(offer: Offer, usage: Usage, need: Need, missing: string[]): AssignedGpu[] {
  const asked = gpuThousandths(need);
  if (asked === 0) return [];
  const { gpu_model: model, gpu_mem_bytes: memory = 0 } = need;
  const rooms = gpuRooms(offer, usage).filter(({ gpu }) => model === undefined || isModel(gpu.model, model));
  const found = asked < GPU_WHOLE ? partOfGpu(rooms, asked, memory) : wholeGpus(rooms, asked / GPU_WHOLE, memory);
  if (!found) missing.push(missingGpus(rooms, offer.gpus.length, need));
  return found ?? [];
}

/** Names are those of whoever wrote them: `constructor` is none that every table has. */
function unitsNamed(units: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] {
  return Object.hasOwn(units, name) ? (units[name] ?? []) : [];
}

function assignUnits(offer: Offer, { held }: Usage, need: Need, missing: string[]): Record<string, string[]> {
  const given: Record<string, string[]> = {};
  for (const [name, count] of Object.entries(need.units ?? {})) {
    const taken = new Set(held.flatMap(({ units }) => unitsNamed(units, name)));
    const offered = unitsNamed(offer.units, name);
    const free = offered.filter((unit) => !taken.has(unit));
    if (free.length < count) missing.push(`${name}: ${free.length} of ${offered.length} free`);
    given[name] = free.slice(0, count);
  }
  return given;
}

function assignBytes(
  what: string,
  { asked, offered, taken }: { asked: number | undefined; offered: number; taken: readonly (number | null)[] },
  missing: string[],
): number | null {
  if (asked === undefined) return null;
  const free = offered - sum(taken.map((bytes) => bytes ?? 0));
  if (asked > free) missing.push(`${what}: ${formatBytes(Math.max(free, 0))} of ${formatBytes(offered)} free`);
  return asked;
}

function takenCpus({ held, looseCpus }: Usage): number {
  return sum(held.map(({ cpus }) => cpus)) + looseCpus;
}

function assignCpus(offer: Offer, usage: Usage, need: Need, missing: string[]): Pick<Assignment, 'cpus' | 'cores'> {
  const cpus = need.whole_machine ? Math.max(offer.cpus, need.cpus ?? 0) : (need.cpus ?? DEFAULT_CPUS);
  const free = offer.cpus - takenCpus(usage);
  if (cpus > free) missing.push(`cores: ${Math.max(free, 0)} of ${offer.cpus} free`);
  const taken = new Set(usage.held.flatMap(({ cores }) => cores));
  const cores = offer.cores.filter((core) => !taken.has(core));
  return { cpus, cores: cores.length < cpus ? [] : cores.slice(0, cpus) };
}

function assignOne(offer: Offer, usage: Usage, need: Need, alternative: number): Fit {
  const { held, looseCpus } = usage;
  const missing: string[] = [];
  if (held.some(({ is_whole: isWhole }) => isWhole)) missing.push('another task has the whole machine');
  if (need.whole_machine && (held.length > 0 || looseCpus > 0)) missing.push('other tasks run on the machine');
  const assignment: Assignment = {
    alternative,
    ...assignCpus(offer, usage, need, missing),
    mem_bytes: assignBytes(
      'memory',
      { asked: need.mem_bytes, offered: offer.mem_bytes, taken: held.map((one) => one.mem_bytes) },
      missing,
    ),
    disk_bytes: assignBytes(
      'disk',
      { asked: need.disk_bytes, offered: offer.disk_bytes, taken: held.map((one) => one.disk_bytes) },
      missing,
    ),
    gpus: assignGpus(offer, usage, need, missing),
    units: assignUnits(offer, usage, need, missing),
    is_whole: need.whole_machine === true,
  };
  return missing.length === 0 ? { assignment } : { missing };
}

/**
 * What of a machine a task gets: by the first of its alternatives that fits, or what is missing for the first one.
 * It is the one rule of what fits: the claim, the placing, `explain` and the warning about impossible requests use it.
 * It fits per device and per unit, never by sums.
 */
export function assign(offer: Offer, usage: Usage, needs: readonly Need[]): Fit {
  let first: Fit | undefined;
  for (const [alternative, need] of (needs.length === 0 ? [{}] : needs).entries()) {
    const fit = assignOne(offer, usage, need, alternative);
    if (fit.assignment) return fit;
    first ??= fit;
  }
  return first ?? { missing: [] };
}

/** `usage` with one more attempt. */
export function withHeld(usage: Usage, assignment: Assignment): Usage {
  return { ...usage, held: [...usage.held, assignment] };
}

/** Cores that are free for tasks that ask for nothing; none while a task has the whole machine. */
export function looseRoom(offer: Offer, usage: Usage): number {
  if (usage.held.some(({ is_whole: isWhole }) => isWhole)) return 0;
  return Math.max(offer.cpus - takenCpus(usage), 0);
}

/** Names of what an assignment holds alone or in part: `cpu:3`, `gpu:GPU-…`, `need:fpga:a`. */
export function unitsOf({ cores, gpus, units }: Assignment): { readonly unit: string; readonly thousandths: number }[] {
  return [
    ...cores.map((core) => ({ unit: `cpu:${core}`, thousandths: GPU_WHOLE })),
    ...gpus.map(({ id, thousandths }) => ({ unit: `gpu:${id}`, thousandths })),
    ...Object.entries(units).flatMap(([name, names]) =>
      names.map((unit) => ({ unit: `need:${name}:${unit}`, thousandths: GPU_WHOLE })),
    ),
  ];
}
