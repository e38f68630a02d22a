import { setTimeout as delay } from 'node:timers/promises';
import { anySignal, MitoError } from '@mitosis/domain';
import { operations, OutputEnd, OutputEvent, type TaskSummary } from '@mitosis/protocol';
import { serverSentEvents } from './server-sent-events.js';
import type { Transport } from './transport.js';

/** What a task printed, as frames (see `FrameDecoder` of the protocol library), or how it ended. */
export type OutputItem =
  | { readonly type: 'frames'; readonly attempt: number; readonly offset: number; readonly frames: Buffer }
  | { readonly type: 'end'; readonly task: TaskSummary };

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long it continues without a coordinator. */
  readonly patienceMs?: number;
  /** Only what is there now. */
  readonly isSnapshot?: boolean;
  /** Only this attempt; the last one, and those that follow it, when left out. */
  readonly attempt?: number | undefined;
  /** Where to begin: the end of frames that were read before. */
  readonly from?: { readonly attempt: number; readonly offset: number } | undefined;
}

/** The server says something at least every 15 s. */
const SILENCE_MS = 45_000;
const RECONNECT_MS = 500;

/** Aborts when nothing was heard for `SILENCE_MS`: the connection is dead, whatever the socket says. */
class SilenceGuard {
  private readonly controller = new AbortController();
  private readonly timer = setTimeout(() => this.controller.abort(new Error('the stream went silent')), SILENCE_MS);

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.timer.refresh();
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

async function* connect(
  transport: Transport,
  output: { readonly params: { readonly uuid: string }; readonly query: object },
  lastId: string | undefined,
  outer: AbortSignal | undefined,
) {
  const guard = new SilenceGuard();
  const signal = outer ? anySignal([outer, guard.signal]) : guard.signal;
  try {
    const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) };
    const response = await transport.request(operations.tasks.output, { ...output, headers, signal });
    yield* serverSentEvents(guard.watch(response.body));
  } finally {
    guard.end();
  }
}

/** A broken connection is retried, a refusal is not. */
function isPassing(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted) return false;
  return error instanceof MitoError ? error.kind === 'unavailable' : true;
}

/**
 * Everything a task prints from the beginning of its last attempt, as it is printed, and at last how
 * the task ended. Continues over broken connections without loss or duplication, for up to `patienceMs`
 * without a coordinator.
 */
export async function* followOutput(
  transport: Transport,
  uuid: string,
  { signal, patienceMs = 120_000, isSnapshot = false, attempt, from }: FollowOptions = {},
): AsyncGenerator<OutputItem> {
  const output = { params: { uuid }, query: { ...(isSnapshot && { follow: 'false' }), attempt } };
  let lastId = from === undefined ? undefined : `${from.attempt}:${from.offset}`;
  let aliveAt: number | undefined;
  for (;;) {
    try {
      for await (const event of connect(transport, output, lastId, signal)) {
        aliveAt = performance.now();
        lastId = event.id ?? lastId;
        if (event.event === 'end') return yield { type: 'end', task: OutputEnd.parse(JSON.parse(event.data)) };
        if (event.event !== 'output') continue;
        const { attempt, offset, frames_base64 } = OutputEvent.parse(JSON.parse(event.data));
        yield { type: 'frames', attempt, offset, frames: Buffer.from(frames_base64, 'base64') };
      }
    } catch (error) {
      const isWorthWaiting = aliveAt !== undefined && performance.now() - aliveAt < patienceMs;
      if (!isPassing(error, signal) || !isWorthWaiting) throw error;
    }
    aliveAt ??= performance.now();
    await delay(RECONNECT_MS, undefined, { signal });
  }
}
