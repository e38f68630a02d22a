import { open } from 'node:fs/promises';
import { MitoError } from '@mitosis/domain';
import { capMemory } from './cap-memory.js';
import { inspectInBackground } from './inspect-in-background.js';
import { PROGRAM_LIMIT_BYTES } from './inspect-program.js';
import type { SandboxRequest } from './sandbox-request.js';

async function readProgram(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new MitoError('unavailable', 'program_unreadable', `the program ${path} can't be read`, { cause });
  });
  try {
    const { size } = await handle.stat();
    if (size > PROGRAM_LIMIT_BYTES) {
      throw new MitoError(
        'invalid',
        'wasm_too_large',
        `the program has ${size} bytes, ${PROGRAM_LIMIT_BYTES} are allowed`,
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * The request's program, ready for a child: its digest is what the request says, it passes
 * `inspectProgram`, and its memory is capped. Throws `program_mismatch` and what these throw.
 */
export async function loadProgram(request: SandboxRequest, memoryPages: number): Promise<Uint8Array> {
  const { program, sha256 } = request;
  const bytes = typeof program === 'string' ? await readProgram(program) : program;
  const { sha256: digest } = await inspectInBackground(bytes);
  if (digest !== sha256) {
    throw new MitoError('invalid', 'program_mismatch', `the program's SHA-256 is ${digest}, not ${sha256}`);
  }
  return capMemory(bytes, memoryPages);
}
