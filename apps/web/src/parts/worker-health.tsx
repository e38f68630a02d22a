import type { WorkerView } from '@mitosis/protocol';

/** How a worker is, as shape and word. */
export function WorkerHealthMark({ worker }: { readonly worker: WorkerView }) {
  const [name, kind] =
    worker.state === 'gone'
      ? (['gone', 'cancelled'] as const)
      : !worker.is_alive
        ? (['silent', 'failed'] as const)
        : worker.trouble !== null
          ? (['unable', 'failed'] as const)
          : worker.wanted !== 'run'
            ? ([worker.wanted.replaceAll('_', ' '), 'pending'] as const)
            : (['ok', 'completed'] as const);
  return (
    <span class={`state state-${kind}`} title={worker.trouble ?? undefined}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {kind === 'completed' && <circle cx="8" cy="8" r="5" fill="currentColor" />}
        {kind === 'failed' && <path d="M8 2 L14.5 14 H1.5 Z" fill="currentColor" />}
        {(kind === 'pending' || kind === 'cancelled') && (
          <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.8" />
        )}
      </svg>
      {name}
    </span>
  );
}
