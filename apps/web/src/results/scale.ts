/** Maps values to a length, with marks at round numbers. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

const finite = (values: readonly number[]): number[] => values.filter(Number.isFinite);

/** Values that can be placed on an axis, and how many can't. */
export function placeable(values: readonly number[], isLog: boolean): { shown: number[]; left: number } {
  const shown = finite(values).filter((value) => !isLog || value > 0);
  return { shown, left: values.length - shown.length };
}

/** From the least to the greatest of `values`, over `from` to `to`. */
export function scaleOf(values: readonly number[], [from, to]: readonly [number, number], isLog = false): Scale {
  const { shown } = placeable(values, isLog);
  let low = shown.reduce((least, value) => Math.min(least, value), Infinity);
  let high = shown.reduce((greatest, value) => Math.max(greatest, value), -Infinity);
  if (!Number.isFinite(low)) [low, high] = [isLog ? 1 : 0, isLog ? 10 : 1];
  if (low === high)
    [low, high] = isLog ? [low / 2, high * 2] : [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  const place = isLog ? Math.log : (value: number) => value;
  const span = place(high) - place(low);
  const at = (value: number): number => from + ((place(value) - place(low)) / span) * (to - from);
  return { at, ticks: isLog ? logTicks(low, high) : linearTicks(low, high) };
}

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power * 10;
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high && ticks.length < 12; index++) ticks.push(index * step);
  return ticks;
}

function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.floor(Math.log10(high)); power++) ticks.push(10 ** power);
  if (ticks.length >= 2) return ticks;
  return linearTicks(low, high).filter((value) => value > 0);
}

export interface Quartiles {
  readonly low: number;
  readonly first: number;
  readonly median: number;
  readonly third: number;
  readonly high: number;
}

/** Of at least one finite value: least, quartiles (between neighbours by their distance) and greatest. */
export function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = finite(values).sort((a, b) => a - b);
  const at = (part: number): number => {
    const place = part * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? NaN;
    return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] ?? below) - below);
  };
  return { low: at(0), first: at(0.25), median: at(0.5), third: at(0.75), high: at(1) };
}
