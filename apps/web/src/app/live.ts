import type { GroupChanged, JobChanged, TaskChanged } from '@mitosis/protocol';
import { Leadership } from './leadership.js';
import { Store } from './store.js';

/** What has happened; `resync`: something may have, and was not told. */
export type LiveChange =
  | ({ readonly type: 'task' } & TaskChanged)
  | ({ readonly type: 'job' } & JobChanged)
  | ({ readonly type: 'group' } & GroupChanged)
  | { readonly type: 'resync' };

/** Whether changes arrive. */
export const connection = new Store<'live' | 'connecting'>('connecting');

const listeners = new Set<(change: LiveChange) => void>();

/** Calls `listener` for each change until the answered function is called. */
export function onChange(listener: (change: LiveChange) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

type Shared = { readonly change: LiveChange } | { readonly connection: 'live' | 'connecting' };

const RETRY_MS = 2_000;

/**
 * One stream of events for all tabs of this browser: a browser opens six connections to a host, and a stream keeps
 * one for ever. The leading tab has it and tells the others.
 */
export function startLive(): void {
  const channel = new BroadcastChannel('mito-live');
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const tell = (shared: Shared): void => (hear(shared), channel.postMessage(shared));
  const open = (): void => {
    source?.close();
    source = new EventSource('events');
    let isFresh = true;
    source.onopen = () => {
      tell({ connection: 'live' });
      // A new stream knows nothing of what happened before; an interrupted one continues after its last event.
      if (isFresh) tell({ change: { type: 'resync' } });
      isFresh = false;
    };
    source.onerror = () => {
      tell({ connection: 'connecting' });
      // Refused, not interrupted: the browser gives up, we do not.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
    for (const type of ['task', 'job', 'group'] as const)
      source.addEventListener(type, ({ data }: MessageEvent<string>) =>
        tell({ change: { type, ...JSON.parse(data) } as LiveChange }),
      );
    for (const type of ['resync', 'too_slow'])
      source.addEventListener(type, () => tell({ change: { type: 'resync' } }));
  };
  channel.onmessage = ({ data }: MessageEvent<Shared>) => hear(data);
  new Leadership('mito-leader', (isLeader) => {
    clearTimeout(retry);
    if (isLeader) return open();
    source?.close();
    source = undefined;
  }).start();
}

function hear(shared: Shared): void {
  if ('connection' in shared) {
    connection.set(shared.connection);
  } else {
    connection.set('live');
    publish(shared.change);
  }
}

function publish(change: LiveChange): void {
  for (const listener of listeners) listener(change);
}
