import { FrameDecoder, type OutputEvent } from '@mitosis/protocol';
import { part, send, toError } from '../api/call.js';

const AGAIN_MS = 1_000;

/**
 * Hands over what a task prints, from byte `offset` of `attempt` on, until the task or the right to read it ends.
 * A connection that breaks is opened again where it was. Throws what the coordinator refuses it with.
 */
export async function followTerminal(
  task: string,
  { attempt, offset }: { readonly attempt: number; readonly offset: number },
  onBytes: (bytes: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new FrameDecoder();
  let id = `${attempt}:${offset}`;
  while (!signal.aborted) {
    const response = await send('GET', `tasks/${part(task)}/output?attempt=${attempt}`, {
      signal,
      headers: { Accept: 'text/event-stream', 'Last-Event-ID': id },
    }).catch(() => undefined);
    if (response && !response.ok) throw await toError(response);
    let isOver = false;
    const take = (event: StreamEvent): void => {
      if (event.type === 'end') isOver = true;
      if (event.type !== 'output') return;
      const { frames_base64: frames } = JSON.parse(event.data) as OutputEvent;
      for (const { payload } of decoder.push(Uint8Array.from(atob(frames), (char) => char.charCodeAt(0))))
        onBytes(payload);
      id = event.id ?? id;
    };
    if (response?.body) await readEvents(response.body, take).catch(() => undefined);
    if (isOver) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (event: StreamEvent) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      // parsing: up to the empty line
      const block = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string): string | undefined =>
        block.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      onEvent({ type: field('event') ?? '', data: field('data') ?? '', id: field('id') });
    }
  }
}
