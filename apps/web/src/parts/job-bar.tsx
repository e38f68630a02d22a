import type { JobView } from '@mitosis/protocol';

const ORDER = ['completed', 'failed', 'cancelled', 'running'] as const;

/** How far a job is, by the states of its tasks. */
export function JobBar({ job }: { readonly job: JobView }) {
  const total = Math.max(job.total, 1);
  const words = ORDER.filter((state) => (job.counts[state] ?? 0) > 0).map((state) => `${job.counts[state]} ${state}`);
  return (
    <span
      class="bar"
      role="img"
      aria-label={`${Math.round(job.progress * 100)} %: ${words.join(', ') || 'nothing has begun'}`}
      title={words.join(', ')}
    >
      {ORDER.map((state) => (
        <span key={state} class={`fill-${state}`} style={{ width: `${((job.counts[state] ?? 0) / total) * 100}%` }} />
      ))}
    </span>
  );
}
