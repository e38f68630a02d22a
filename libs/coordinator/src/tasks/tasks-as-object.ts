/** How tasks are named in the audit log: one by its uuid, of many their number and the first and the last one. */
export function tasksAsObject(uuids: readonly string[]): [object: string, details: Readonly<Record<string, unknown>>] {
  if (uuids.length === 1) return [`task ${uuids[0]}`, {}];
  return [`${uuids.length} tasks`, { first: uuids[0], last: uuids.at(-1) }];
}
