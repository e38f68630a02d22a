/** A ready task that asks for room: for each key, at most the number beside it may run at a time. */
export interface LimitedTask {
  readonly id: string;
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * Which of `waiting`, best first, may run besides those that `occupied` counts by key. A task is passed
 * over when one of its keys has no room by its own limit; those behind it are looked at all the same.
 */
export function admitWithinLimits(waiting: readonly LimitedTask[], occupied: ReadonlyMap<string, number>): string[] {
  const taken = new Map(occupied);
  return waiting.flatMap(({ id, limits }) => {
    const keys = Object.entries(limits);
    if (keys.some(([key, limit]) => (taken.get(key) ?? 0) >= limit)) return [];
    for (const [key] of keys) taken.set(key, (taken.get(key) ?? 0) + 1);
    return [id];
  });
}
