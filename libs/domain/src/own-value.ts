/**
 * What `record` has under a name that somebody chose; undefined when it has none. A name like `toString` or
 * `constructor` finds nothing that every object has.
 */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
