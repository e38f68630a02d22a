/** Major and minor number of a version, or undefined for what is none. */
function seriesOf(version: string): string | undefined {
  return /^(\d+\.\d+)\.\d+(?:[-+].*)?$/.exec(version)?.[1];
}

/** True when two programs understand each other: versions with the same major and minor number do. */
export function worksWith(one: string, other: string): boolean {
  const series = seriesOf(one);
  return series !== undefined && series === seriesOf(other);
}
