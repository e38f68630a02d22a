import { withoutEscapes } from '@mitosis/domain';
import { OUTPUT_FRAME_HEADER_BYTES, OUTPUT_FRAME_PAYLOAD_MAX_BYTES } from '@mitosis/protocol';

const STREAMS_MAX = 3;

/**
 * Where the frames begin of which `bytes` is the end: from there, each header leads to the next and the last to the
 * end. Decided from the end, so that what a program prints (headers, for example) can't make it slow.
 */
function firstFrame(bytes: Buffer): number | undefined {
  const leadsToEnd = new Uint8Array(bytes.length + 1);
  leadsToEnd[bytes.length] = 1;
  let first: number | undefined;
  for (let at = bytes.length - OUTPUT_FRAME_HEADER_BYTES; at >= 0; at--) {
    if (!isFrameAt(bytes, at)) continue;
    const next = at + OUTPUT_FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 4);
    if (next > bytes.length || leadsToEnd[next] !== 1) continue;
    leadsToEnd[at] = 1;
    first = at;
  }
  return first;
}

function isFrameAt(bytes: Buffer, at: number): boolean {
  const stream = bytes[at] ?? 0;
  if (stream < 1 || stream > STREAMS_MAX || bytes[at + 1] || bytes[at + 2] || bytes[at + 3]) return false;
  return bytes.readUInt32BE(at + 4) <= OUTPUT_FRAME_PAYLOAD_MAX_BYTES;
}

/**
 * The last lines of an output, of which `bytes` is the end, cut anywhere. Each stream is read by itself: what a
 * program has written to stderr at last says more than what it was printing meanwhile.
 */
export function tailLines(bytes: Buffer, count: number): string[] {
  const start = firstFrame(bytes);
  if (start === undefined) return [];
  const streams = new Map<number, Buffer[]>();
  for (let at = start; at < bytes.length;) {
    const end = at + OUTPUT_FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 4);
    const stream = bytes[at] ?? 0;
    streams.set(stream, [...(streams.get(stream) ?? []), bytes.subarray(at + OUTPUT_FRAME_HEADER_BYTES, end)]);
    at = end;
  }
  for (const stream of [2, 1, 3]) {
    const text = withoutEscapes(new TextDecoder().decode(Buffer.concat(streams.get(stream) ?? [])));
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    if (lines.length > 0) return lines.slice(-count);
  }
  return [];
}
