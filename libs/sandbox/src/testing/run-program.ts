import { createHash } from 'node:crypto';
import type { Log } from '@mitosis/domain';
import type { SandboxRequest, SandboxResult } from '../sandbox-request.js';
import type { Sandbox } from '../sandbox.js';

/** A log that keeps what it is told, for tests that look at it. */
export class RecordingLog implements Log {
  readonly messages: string[] = [];
  debug(_fields: object, message: string): void {
    this.messages.push(message);
  }
  info(_fields: object, message: string): void {
    this.messages.push(message);
  }
  warn(_fields: object, message: string): void {
    this.messages.push(message);
  }
  error(_fields: object, message: string): void {
    this.messages.push(message);
  }
}

export interface ProgramRun {
  readonly result: SandboxResult;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Runs a program and collects its output; `request` overrides the plain one. */
export async function runProgram(
  sandbox: Sandbox,
  program: Uint8Array,
  request: Partial<SandboxRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ProgramRun> {
  const output: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  const onOutput = (stream: 1 | 2, bytes: Uint8Array): Promise<void> => {
    output[stream].push(Buffer.from(bytes));
    return Promise.resolve();
  };
  const plain = { program, sha256: sha256(program), args: ['program'], env: {}, onOutput };
  const result = await sandbox.run({ ...plain, ...request }, signal);
  return { result, stdout: Buffer.concat(output[1]), stderr: Buffer.concat(output[2]) };
}
