/** What names a thing to the next command, in this order. */
const IDS = ['uuid', 'id', 'key', 'name', 'username', 'file', 'url'] as const;

/** What `--quiet` prints of a value; undefined when nothing names it. */
export function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const named = IDS.map((id) => (value as Readonly<Record<string, unknown>>)[id]);
  return named.find((id) => typeof id === 'string');
}
