/** What people want of a worker: to take tasks, to take nothing new, to end after its tasks, to end at once. */
export const WANTED_STATES = ['run', 'drain', 'stop', 'stop_now'] as const;
export type WantedState = (typeof WANTED_STATES)[number];
