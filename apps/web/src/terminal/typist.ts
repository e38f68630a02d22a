import type { TypedInTerminal } from '@mitosis/protocol';
import { ApiError, call, part } from '../api/call.js';

const BYTES_MAX = 16_384;
const TRIES = 5;

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** What is typed, in order and once: each piece says how much came before it. */
export class Typist {
  private readonly session = randomUuid();
  private waiting = new Uint8Array(0);
  private offset = 0;
  private isSending = false;

  constructor(
    private readonly task: string,
    private readonly attempt: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  type(text: string): void {
    const more = new TextEncoder().encode(text);
    const all = new Uint8Array(this.waiting.length + more.length);
    all.set(this.waiting);
    all.set(more, this.waiting.length);
    this.waiting = all;
    if (!this.isSending) void this.send();
  }

  private async send(): Promise<void> {
    this.isSending = true;
    try {
      for (let tries = 0; this.waiting.length > 0;) {
        const piece = this.waiting.subarray(0, BYTES_MAX);
        const body = { attempt: this.attempt, session: this.session, offset: this.offset, data_base64: base64(piece) };
        try {
          const { taken } = await call<TypedInTerminal>('POST', `tasks/${part(this.task)}/terminal/input`, { body });
          this.waiting = this.waiting.slice(Math.max(taken - this.offset, 0));
          this.offset = Math.max(taken, this.offset);
          tries = 0;
        } catch (error) {
          if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500) || ++tries === TRIES)
            throw error;
          await new Promise((resolve) => setTimeout(resolve, 300 * tries));
        }
      }
    } catch (error) {
      this.waiting = new Uint8Array(0);
      this.onError(error);
    }
    this.isSending = false;
  }
}

/** `crypto.randomUUID` is there on HTTPS only. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
