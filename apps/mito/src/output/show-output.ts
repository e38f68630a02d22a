import type { Writable } from 'node:stream';
import { OutputText, type MitosisClient, type OutputItem } from '@mitosis/client';
import { FrameDecoder, type OutputFrame } from '@mitosis/protocol';
import { jsonLine, say } from './say.js';
import { writeOut } from './write-out.js';

export interface ShowOutputOptions {
  readonly isFollowed: boolean;
  /** Only this one, not the last. */
  readonly attempt?: number | undefined;
  /** Only the last N lines. */
  readonly tail: number | undefined;
  readonly streams: ReadonlySet<string>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly isJson: boolean;
}

/** Where the next piece begins. */
interface Position {
  readonly attempt: number;
  readonly offset: number;
}

/** Turns items into frames, across attempts, and knows where it is. */
class Reader {
  position: Position | undefined;
  private decoder = new FrameDecoder();

  read(item: Extract<OutputItem, { type: 'frames' }>): OutputFrame[] {
    if (item.attempt !== this.position?.attempt) this.decoder = new FrameDecoder();
    this.position = { attempt: item.attempt, offset: item.offset + item.frames.length };
    return [...this.decoder.push(item.frames)];
  }
}

/** Keeps the last `count` lines of each stream together, in the order in which they were printed. */
class Tail {
  private readonly pieces: { frame: OutputFrame; breaks: number }[] = [];
  private breaks = 0;

  constructor(private readonly count: number) {}

  add(frame: OutputFrame): void {
    const breaks = countBreaks(frame.payload);
    this.pieces.push({ frame, breaks });
    this.breaks += breaks;
    // One more than wanted: the first line may begin in the piece before.
    while (this.pieces.length > 1 && this.breaks - (this.pieces[0]?.breaks ?? 0) > this.count)
      this.breaks -= this.pieces.shift()?.breaks ?? 0;
  }

  /** The frames of the last lines. */
  frames(): OutputFrame[] {
    const last = this.pieces.at(-1)?.frame.payload;
    const isOpen = last !== undefined && last.length > 0 && last[last.length - 1] !== 0x0a;
    let excess = this.breaks + (isOpen ? 1 : 0) - this.count;
    return this.pieces.flatMap(({ frame, breaks }) => {
      if (excess <= 0) return [frame];
      const cut = Math.min(excess, breaks);
      excess -= cut;
      const payload = frame.payload.subarray(endOfBreak(frame.payload, cut));
      return payload.length > 0 && excess <= 0 ? [{ ...frame, payload }] : [];
    });
  }
}

function countBreaks(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count += 1;
  return count;
}

/** The offset after the `count`th line break. */
function endOfBreak(bytes: Uint8Array, count: number): number {
  let at = 0;
  for (let seen = 0; seen < count; seen += 1) at = bytes.indexOf(0x0a, at) + 1;
  return at;
}

async function lastLines(
  api: MitosisClient,
  uuid: string,
  { reader, tail, streams, attempt }: Pick<ShowOutputOptions, 'streams' | 'attempt'> & { reader: Reader; tail: number },
): Promise<OutputFrame[]> {
  const last = new Tail(tail);
  for await (const item of api.followOutput(uuid, { isSnapshot: true, attempt })) {
    const frames = item.type === 'frames' ? reader.read(item) : [];
    for (const frame of frames.filter(({ stream }) => streams.has(stream))) last.add(frame);
  }
  return last.frames();
}

/** Writes what a task prints, and waits for whoever reads it: a slow reader slows nobody else. */
export async function showOutput(api: MitosisClient, uuid: string, options: ShowOutputOptions): Promise<void> {
  const { isFollowed, attempt, tail, streams, stdout, stderr, isJson } = options;
  const reader = new Reader();
  let texts = new OutputText();
  /** False once nobody reads stdout. */
  const write = async (target: Writable, bytes: Uint8Array | string): Promise<boolean> =>
    (await writeOut(target, bytes)) || target !== stdout;
  const writeText = async (stream: string, text: string): Promise<boolean> =>
    text === '' || write(stdout, `${jsonLine({ stream, text })}\n`);
  const show = async (frame: OutputFrame): Promise<boolean> => {
    if (!streams.has(frame.stream)) return true;
    if (isJson) return writeText(frame.stream, texts.decode(frame));
    return write(frame.stream === 'stdout' ? stdout : stderr, frame.payload);
  };
  const endTexts = async (): Promise<void> => {
    for (const { stream, text } of texts.end()) await writeText(stream, text);
    texts = new OutputText();
  };
  if (tail !== undefined) {
    for (const frame of await lastLines(api, uuid, { reader, tail, streams, attempt }))
      if (!(await show(frame))) return;
    if (!isFollowed) return endTexts();
  }
  for await (const item of api.followOutput(uuid, { isSnapshot: !isFollowed, attempt, from: reader.position })) {
    if (item.type === 'end') break;
    if (reader.position !== undefined && item.attempt !== reader.position.attempt) await endTexts();
    for (const frame of reader.read(item)) if (!(await show(frame))) return;
  }
  await endTexts();
  if (attempt !== undefined && reader.position === undefined)
    say(stderr, `nothing that attempt ${attempt} printed was stored\n`);
}
