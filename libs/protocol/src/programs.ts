import { z } from 'zod';
import { AttachmentKey } from './attachments.js';
import { GivenText } from './conditions.js';
import { Name, Sha256, Timestamp } from './fields.js';

/** The query string of `POST /programs`; the body is the program, as `application/wasm`. */
export const UploadProgram = z.strictObject({
  /** Who may run it; the caller's own group when left out. */
  group: Name.optional(),
  /** For people. */
  name: GivenText(),
});

/** The body of `POST /programs/from-attachment`: an attachment of the group becomes a program of it. */
export const ProgramFromAttachment = z.strictObject({
  /** The caller's own when left out. */
  group: Name.optional(),
  key: AttachmentKey,
});
export type ProgramFromAttachment = z.output<typeof ProgramFromAttachment>;

/** The query string of `GET /programs` and `GET /programs/:sha256`. */
export const ProgramQuery = z.strictObject({ group: Name.optional() });

/** A WebAssembly program that a group may run. */
export const ProgramView = z.object({
  sha256: Sha256,
  name: z.string(),
  group: z.string(),
  creator: z.string(),
  size_bytes: z.int(),
  /** The functions of WASI preview 1 that it imports. */
  imports: z.array(z.string()),
  created_at: Timestamp,
});
export type ProgramView = z.output<typeof ProgramView>;
export const ProgramList = z.object({ programs: z.array(ProgramView) });

const MIB = 1024 * 1024;

/** Bounds of what a sandboxed program may ask for. */
export const WASM_LIMITS = {
  memoryBytes: 1024 * MIB,
  outputBytes: 1024 * MIB,
} as const;

/** A WebAssembly program (a WASI preview 1 command) instead of a command; `args[0]` is its name. */
export const WasmSpec = z.strictObject({
  /** Of the program, which has been uploaded to the task's group. */
  sha256: Sha256,
  /** Linear memory; the coordinator's setting when left out. */
  memory_limit_bytes: z.int().min(65_536).max(WASM_LIMITS.memoryBytes).optional(),
  /** CPU time; the task's time limit when left out. */
  cpu_limit_ms: z.int().min(1).max(2_147_483_647).optional(),
  /** Both output streams together; more fails the task as `limit_exceeded`. */
  output_limit_bytes: z.int().min(1).max(WASM_LIMITS.outputBytes).optional(),
});
export type WasmSpec = z.output<typeof WasmSpec>;
