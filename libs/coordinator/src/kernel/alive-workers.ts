/**
 * SQL: the worker of this alias counts as there. `silentMs` is the parameter that holds
 * `Presence.silentMs`. It is the only definition: whoever needs to know whether a worker is alive uses it.
 */
export function isAlive(alias: string, silentMs: string): string {
  return `(${alias}.state <> 'gone'
    AND ${alias}.last_seen_at > clock_timestamp() - ${silentMs}::int * interval '1 millisecond')`;
}
