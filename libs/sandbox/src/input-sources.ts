import { open, stat, type FileHandle } from 'node:fs/promises';
import { MitoError } from '@mitosis/domain';
import { STDIN_SOURCE } from './guest/frame.js';
import type { SandboxRequest } from './sandbox-request.js';

/** Stdin of at most this size travels with the order, without a question from the child. */
const INLINE_BYTES = 65_536;

/** Longest answer to one question of a child. */
const READ_MAX_BYTES = 262_144;

const NOTHING = new Uint8Array(0);

function unreadable(path: string, cause: unknown): MitoError {
  return new MitoError('unavailable', 'input_unreadable', `the input ${path} can't be read`, {
    details: { path },
    cause,
  });
}

async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!stats.isFile()) throw unreadable(path, new Error('not a regular file'));
  return stats.size;
}

/** The inputs of one run on this machine: opened when first read, all closed at the end. */
export class InputSources {
  readonly #handles = new Map<number, FileHandle>();

  private constructor(
    private readonly request: SandboxRequest,
    /** The sizes of the request's files, in their order. */
    readonly fileSizes: readonly number[],
  ) {}

  /** Looks at every file. Throws `input_unreadable`. */
  static async open(request: SandboxRequest): Promise<InputSources> {
    const sizes = (request.files ?? []).map(({ hostPath }) => sizeOf(hostPath));
    if (typeof request.stdin === 'string') await sizeOf(request.stdin);
    return new InputSources(request, await Promise.all(sizes));
  }

  /** Stdin as far as it goes with the order: all of it when `isStdinPulled` is false. */
  get inlineStdin(): Uint8Array {
    return this.isStdinPulled || typeof this.request.stdin === 'string' ? NOTHING : (this.request.stdin ?? NOTHING);
  }

  get isStdinPulled(): boolean {
    const { stdin } = this.request;
    return typeof stdin === 'string' || (stdin?.length ?? 0) > INLINE_BYTES;
  }

  /** Up to `length` bytes from `offset`; empty at the end, and for what isn't an input. */
  async read(source: number, offset: number, length: number): Promise<Uint8Array> {
    const count = Math.min(length, READ_MAX_BYTES);
    const { stdin } = this.request;
    if (source === STDIN_SOURCE && typeof stdin !== 'string')
      return (stdin ?? NOTHING).subarray(offset, offset + count);
    const path = source === STDIN_SOURCE ? stdin : this.request.files?.[source - 1]?.hostPath;
    return typeof path === 'string' ? this.#readFile(source, path, offset, count) : NOTHING;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handles.values()].map((handle) => handle.close()));
    this.#handles.clear();
  }

  async #readFile(source: number, path: string, offset: number, count: number): Promise<Uint8Array> {
    try {
      const handle = this.#handles.get(source) ?? (await open(path, 'r'));
      this.#handles.set(source, handle);
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(count), 0, count, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw unreadable(path, error);
    }
  }
}
