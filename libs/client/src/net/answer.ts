import type { IncomingMessage } from 'node:http';
import { MitoError } from '@mitosis/domain';

/** What a coordinator has answered: the head is there, the body comes when it is read. */
export class Answer {
  constructor(
    private readonly message: IncomingMessage,
    private readonly url: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  get status(): number {
    return this.message.statusCode ?? 0;
  }

  get statusText(): string {
    return this.message.statusMessage ?? '';
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /**
   * The body as it comes. Whoever stops reading ends the connection. Throws `coordinator_unreachable` when it breaks
   * off, and the reason of the signal when aborted.
   */
  get body(): AsyncIterable<Uint8Array> {
    return this.read();
  }

  private async *read(): AsyncGenerator<Buffer> {
    try {
      yield* this.message as AsyncIterable<Buffer>;
    } catch (cause) {
      if (this.signal?.aborted) throw this.signal.reason;
      throw unreachable(this.url, cause);
    }
  }

  /** The whole body. Throws as `body` does. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.read()) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      const message = `the server at ${this.url} is not a coordinator: its response is not JSON`;
      throw new MitoError('invalid', 'not_a_coordinator', message, { cause });
    }
  }
}

export function unreachable(url: string, cause: unknown): MitoError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? ('code' in inner && String(inner.code)) || inner.message : String(inner);
  return new MitoError(
    'unavailable',
    'coordinator_unreachable',
    `the coordinator at ${url} can't be reached (${reason})`,
    {
      cause,
    },
  );
}
