const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size for people, in powers of 1024: `812 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
