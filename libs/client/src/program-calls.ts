import { createHash } from 'node:crypto';
import { MitoError } from '@mitosis/domain';
import { operations, type ProgramView } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const { programs } = operations;

export interface ProgramRef extends CallOptions {
  /** The caller's own when left out. */
  readonly group?: string | undefined;
}

/** The WebAssembly programs of a group. */
export class ProgramCalls {
  constructor(private readonly transport: Transport) {}

  /** Stores a program; refused with the names when it imports what the sandbox does not have. */
  async upload(
    bytes: Uint8Array,
    { name, group, signal }: ProgramRef & { readonly name: string },
  ): Promise<ProgramView> {
    const headers = { 'Content-Type': 'application/wasm' };
    const options = { bytes, headers, signal, isRepeatable: true };
    return this.transport.call(programs.upload, { query: { name, group }, ...options });
  }

  /** Makes an attachment of the group a program of it, without a transfer; it stays when the attachment goes. */
  async fromAttachment(key: string, { group, signal }: ProgramRef = {}): Promise<ProgramView> {
    const body = { key, ...(group !== undefined && { group }) };
    return this.transport.call(programs.fromAttachment, { body, signal, isRepeatable: true });
  }

  /** As `upload`, but sends nothing when the group has the program already. */
  async ensure(bytes: Uint8Array, options: ProgramRef & { readonly name: string }): Promise<ProgramView> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    try {
      return await this.get(sha256, options);
    } catch (error) {
      if (!(error instanceof MitoError) || error.code !== 'program_not_found') throw error;
      return this.upload(bytes, options);
    }
  }

  async get(sha256: string, { group, signal }: ProgramRef = {}): Promise<ProgramView> {
    return this.transport.call(programs.get, { params: { sha256 }, query: { group }, signal });
  }

  /** The newest thousand. */
  async list({ group, signal }: ProgramRef = {}): Promise<ProgramView[]> {
    return (await this.transport.call(programs.list, { query: { group }, signal })).programs;
  }

  /** Throws `program_in_use` while something that is not over refers to it. */
  async delete(sha256: string, { group, signal }: ProgramRef = {}): Promise<void> {
    await this.transport.call(programs.delete, { params: { sha256 }, query: { group }, signal });
  }
}
