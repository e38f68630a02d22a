import { TextDecoder } from 'node:util';
import { FrameDecoder, type OutputStream } from '@mitosis/protocol';
import type { OutputItem } from './follow-output.js';

/** A piece of what a task printed, as text. */
export interface LogPiece {
  readonly stream: OutputStream;
  readonly text: string;
  readonly attempt: number;
}

/** Takes output apart into text; a character that is cut into two pieces appears whole in the second one. */
export async function* logPieces(items: AsyncIterable<OutputItem>): AsyncGenerator<LogPiece> {
  let attempt = 0;
  let frames = new FrameDecoder();
  let decoders = new Map<OutputStream, TextDecoder>();
  for await (const item of items) {
    if (item.type === 'end') return;
    if (item.attempt !== attempt) [attempt, frames, decoders] = [item.attempt, new FrameDecoder(), new Map()];
    for (const { stream, payload } of frames.push(item.frames)) {
      const decoder = decoders.get(stream) ?? new TextDecoder();
      decoders.set(stream, decoder);
      yield { stream, text: decoder.decode(payload, { stream: true }), attempt };
    }
  }
}
