import { once } from 'node:events';
import type { Response } from 'express';
import { invalidField } from '@mitosis/domain';
import { operations, OutputEnd, type OutputEvent } from '@mitosis/protocol';
import { LineReader } from '../output/read-lines.js';
import { OutputSearcher } from '../output/search-output.js';
import { assertAttempt, streamOutput, type OutputPosition, type StreamOutputDeps } from '../output/stream-output.js';
import type { ApiRouter } from './api-router.js';
import { CallerShare } from './caller-share.js';

/** A comment now and then keeps proxies from closing a stream on which nothing happens. */
const KEEP_ALIVE_MS = 15_000;

/** `<attempt>:<offset>`, as in the ids of the events. */
function parsePosition(text: string | undefined): OutputPosition | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,9}):(\d{1,15})$/.exec(text);
  if (!match) throw invalidField('Last-Event-ID', 'use the id of an event of this stream');
  return { attempt: Number(match[1]), offset: Number(match[2]) };
}

/** Frames that fit into one event; a stored log is cut into such pieces. */
const EVENT_BYTES = 65_536;

/** Resolves when the reader has taken it: a slow reader slows only this stream. */
export async function sendPiece(res: Response, signal: AbortSignal, piece: string | Uint8Array): Promise<void> {
  if (!res.write(piece)) await once(res, 'drain', { signal });
}

export interface OutputRouteDeps extends StreamOutputDeps {
  readonly silentMs: number;
}

export function outputRoutes(api: ApiRouter, deps: OutputRouteDeps): void {
  api.mountRaw(operations.tasks.output, async (call) => {
    const { actor, again, req, res } = call;
    const task = call.params.uuid;
    const { follow, attempt } = call.query;
    const from = parsePosition(req.get('last-event-id'));
    await deps.reader.summaries(actor, [task]);
    if (attempt !== undefined) await assertAttempt(deps.dataSource, task, attempt);
    const signal = call.whileAllowed(async () => deps.reader.summaries(await again(), [task]));
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    res.flushHeaders();
    const keepAlive = setInterval(() => res.write(': still here\n\n'), KEEP_ALIVE_MS);
    const write = async ({ attempt, offset }: OutputPosition, frames: Buffer): Promise<void> => {
      for (let start = 0; start < frames.length; start += EVENT_BYTES) {
        const piece = frames.subarray(start, start + EVENT_BYTES);
        const data: OutputEvent = { attempt, offset: offset + start, frames_base64: piece.toString('base64') };
        const id = `${attempt}:${offset + start + piece.length}`;
        await sendPiece(res, signal, `id: ${id}\nevent: output\ndata: ${JSON.stringify(data)}\n\n`);
      }
    };
    try {
      const end = await streamOutput(deps, actor, {
        task,
        from: from ?? (attempt === undefined ? undefined : { attempt, offset: 0 }),
        isSnapshot: !follow,
        isOneAttempt: attempt !== undefined,
        sink: { write },
        signal,
      });
      if (end) res.write(`event: end\ndata: ${JSON.stringify(OutputEnd.parse(end))}\n\n`);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearInterval(keepAlive);
      res.end();
    }
  });
  const lines = new LineReader(deps);
  api.mount(operations.tasks.lines, ({ actor, params, query, signal }) =>
    lines.read(actor, params.uuid, query, signal),
  );
  searchRoute(api, deps);
}

function searchRoute(api: ApiRouter, deps: OutputRouteDeps): void {
  const searcher = new OutputSearcher(deps);
  // A search takes seconds: it is no part of the share of quick requests, and each caller has one at a time.
  const share = new CallerShare({ active: 1, waiting: 16 });
  api.mount(operations.tasks.grep, async ({ actor, query, again, whileAllowed }) => {
    const signal = whileAllowed(again);
    const leave = await share.enter(actor.task ?? actor.userId, signal);
    try {
      return await searcher.search(actor, query, signal);
    } finally {
      leave();
    }
  });
}
