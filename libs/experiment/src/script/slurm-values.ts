/**
 * Minutes, `minutes:seconds`, `hours:minutes:seconds`,
 * `days-hours`, `days-hours:minutes[:seconds]` (sbatch(1), --time).
 */
const CLOCK = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/;

/** Seconds of a time as Slurm writes it; null for no limit; undefined for anything else. */
export function slurmSeconds(text: string): number | null | undefined {
  if (/^(?:unlimited|infinite|-1)$/i.test(text)) return null;
  const [, days, first, second, third] = CLOCK.exec(text) ?? [];
  if (first === undefined) return undefined;
  const [a, b, c] = [Number(first), Number(second ?? 0), Number(third ?? 0)];
  const seconds =
    days !== undefined
      ? Number(days) * 86_400 + a * 3600 + b * 60 + c
      : third !== undefined
        ? a * 3600 + b * 60 + c
        : a * 60 + b;
  if (!Number.isSafeInteger(seconds)) return undefined;
  return seconds === 0 ? null : seconds;
}

/**
 * A size as Slurm writes it, in our units: a bare number counts MiB, suffixes are binary. Undefined for anything else.
 */
export function slurmSize(text: string): string | undefined {
  const [, amount, unit = 'M'] = /^(\d+(?:\.\d+)?)([KMGT]?)B?$/i.exec(text) ?? [];
  return amount === undefined ? undefined : `${amount}${(unit || 'M').toUpperCase()}iB`;
}

/** `gpu`, `gpu:2`, `gpu:a100:2`: what `--gpus` takes. Undefined for other generic resources. */
export function slurmGpus(text: string): string | undefined {
  const [, model, count = '1'] = /^gpu(?::([A-Za-z][\w.-]*))?(?::(\d+))?$/.exec(text) ?? [];
  if (!/^gpu(?:$|:)/.test(text) || (model === undefined && !/^gpu(?::\d+)?$/.test(text))) return undefined;
  return model === undefined ? count : `${count}:${model}`;
}

const DEPENDENCY = { afterok: 'completed', afterany: 'ended', afternotok: 'failed', after: 'started' } as const;

export interface SlurmDependency {
  readonly id: string;
  readonly when: (typeof DEPENDENCY)[keyof typeof DEPENDENCY];
}

/** `afterok:ID[:ID],afterany:ID`. A text says what can't be kept of it. */
export function slurmDependencies(text: string): SlurmDependency[] | string {
  if (text.includes('?')) return '"?" starts it when any of them is met; here all of them have to be';
  const found: SlurmDependency[] = [];
  for (const part of text.split(',')) {
    const [kind = '', ...ids] = part.split(':');
    if (!Object.hasOwn(DEPENDENCY, kind)) return `"${kind}" has no equal here`;
    if (ids.length === 0) return `"${part}" names no task or job`;
    found.push(...ids.map((id) => ({ id, when: DEPENDENCY[kind as keyof typeof DEPENDENCY] })));
  }
  return found;
}
