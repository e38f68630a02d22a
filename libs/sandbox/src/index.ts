export { Sandbox } from './sandbox.js';
export type { SandboxOptions } from './sandbox.js';
export { SANDBOX_DEFAULTS, SANDBOX_MAXIMA } from './sandbox-request.js';
export type { InputFile, SandboxReason, SandboxRequest, SandboxResult } from './sandbox-request.js';
export { PROGRAM_LIMIT_BYTES, assertProgramSize, inspectProgram } from './inspect-program.js';
export { inspectInBackground } from './inspect-in-background.js';
export type { ProgramInfo } from './inspect-program.js';
export { capMemory } from './cap-memory.js';
export { WASI_FUNCTIONS } from './guest/wasi-functions.js';
