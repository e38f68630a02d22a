import type { Need } from './need.js';

/** What a group gives to tasks that ask for no cores, or no memory; null gives nothing. */
export interface NeedDefaults {
  readonly cpus: number | null;
  readonly mem_bytes: number | null;
}

/**
 * The needs of a task with the defaults of its group: each alternative keeps the cores and the memory that it asks for.
 * One that asks for a whole machine has all of it already.
 */
export function withDefaultNeeds(needs: readonly Need[], { cpus, mem_bytes: mem }: NeedDefaults): Need[] {
  if (cpus === null && mem === null) return [...needs];
  return (needs.length === 0 ? [{}] : needs).map((need: Need) =>
    need.whole_machine === true
      ? need
      : { ...(cpus !== null && { cpus }), ...(mem !== null && { mem_bytes: mem }), ...withoutGaps(need) },
  );
}

/** A field that is there and undefined asks for nothing. */
function withoutGaps(need: Need): Need {
  return Object.fromEntries(Object.entries(need).filter(([, value]) => value !== undefined));
}
