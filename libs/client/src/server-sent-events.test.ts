import test from 'ava';
import fc from 'fast-check';
import { serverSentEvents, type ServerSentEvent } from './server-sent-events.js';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(text: string, size: number): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(inPieces(text, size))) events.push(event);
  return events;
}

test('events are the same however their bytes are cut', async (t) => {
  const text = ': hello\n\nid: 1:7\nevent: output\ndata: {"a":"ü"}\n\ndata: plain\n\nevent: end\ndata: 1\ndata: 2\n\n';
  const expected = [
    { id: '1:7', event: 'output', data: '{"a":"ü"}' },
    { id: undefined, event: 'message', data: 'plain' },
    { id: undefined, event: 'end', data: '1\n2' },
  ];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (size) => t.deepEqual(await collect(text, size), expected)),
  );
});

test('an event that was cut off is not delivered', async (t) => {
  t.deepEqual(await collect('data: whole\n\ndata: cut', 5), [{ id: undefined, event: 'message', data: 'whole' }]);
});
