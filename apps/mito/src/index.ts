export { runCommandLine, runMain } from './run-main.js';
export type { MitoContext } from './mito-context.js';
export { commandReference } from './command-reference.js';
export { EXIT_CODES, EXIT_OF_KIND } from './output/exit-codes.js';
