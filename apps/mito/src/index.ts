export { createCli, runCommandLine, runMain } from './run-main.js';
export type { MitoContext } from './mito-context.js';
