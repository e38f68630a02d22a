import type { TaskFilter } from '@mitosis/client';
import type { CancelTasksInput } from '@mitosis/protocol';

/** The filters of a query, as the body of a request wants them: lists with commas, nothing empty. */
export function taskFilters(filter: Omit<TaskFilter, 'limit' | 'after'>): NonNullable<CancelTasksInput['filter']> {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined && String(value) !== '');
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}
