export { runMain } from './run-main.js';
export type { MitoContext } from './run-main.js';
