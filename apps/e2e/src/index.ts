export { MitoProcess, startMito } from './harness/mito-process.js';
export { startStack } from './harness/stack.js';
