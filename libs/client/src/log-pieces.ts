import { TextDecoder } from 'node:util';
import { FrameDecoder, type OutputFrame, type OutputStream } from '@mitosis/protocol';
import type { OutputItem } from './follow-output.js';

/** A piece of what a task printed, as text. */
export interface LogPiece {
  readonly stream: OutputStream;
  readonly text: string;
  readonly attempt: number;
}

/** What one attempt prints, as text: a character that is cut into two frames appears whole with the second one. */
export class OutputText {
  private readonly decoders = new Map<OutputStream, TextDecoder>();

  decode({ stream, payload }: OutputFrame): string {
    // A byte order mark is a part of what was printed.
    const decoder = this.decoders.get(stream) ?? new TextDecoder('utf-8', { ignoreBOM: true });
    this.decoders.set(stream, decoder);
    return decoder.decode(payload, { stream: true });
  }

  /** What stands for the characters that were begun and will never be completed. */
  end(): Omit<LogPiece, 'attempt'>[] {
    const rest = [...this.decoders].map(([stream, decoder]) => ({ stream, text: decoder.decode() }));
    return rest.filter(({ text }) => text !== '');
  }
}

/** Takes output apart into text; a character that is cut into two pieces appears whole in the second one. */
export async function* logPieces(items: AsyncIterable<OutputItem>): AsyncGenerator<LogPiece> {
  let attempt = 0;
  let frames = new FrameDecoder();
  let texts = new OutputText();
  for await (const item of items) {
    if (item.type === 'end' || item.attempt !== attempt) {
      for (const rest of texts.end()) yield { ...rest, attempt };
      if (item.type === 'end') return;
      [attempt, frames, texts] = [item.attempt, new FrameDecoder(), new OutputText()];
    }
    for (const frame of frames.push(item.frames)) {
      const text = texts.decode(frame);
      if (text !== '') yield { stream: frame.stream, text, attempt };
    }
  }
}
