import type { AttemptView, TaskDetail } from '@mitosis/protocol';
import { bytes, duration, shortId } from '../app/format.js';
import { href } from '../app/router.js';
import { Facts, Section } from './page.js';
import { usedFacts } from './process.js';
import { Ago, useNow } from './time.js';

/** A span of the time line. */
interface Span {
  readonly name: string;
  readonly kind: 'queued' | 'running' | 'failed' | 'completed' | 'cancelled';
  readonly from: number;
  readonly to: number;
}

function kindOf({ outcome, exit_code: code, ended_at: ended }: AttemptView): Span['kind'] {
  if (ended === null) return 'running';
  if (outcome === 'cancelled') return 'cancelled';
  return outcome === 'exited' && code === 0 ? 'completed' : 'failed';
}

function spansOf(task: TaskDetail, now: number): Span[] {
  const spans: Span[] = [];
  let since = Date.parse(task.created_at);
  for (const attempt of task.attempts) {
    const from = Date.parse(attempt.started_at);
    const to = attempt.ended_at === null ? now : Date.parse(attempt.ended_at);
    spans.push({ name: 'queued', kind: 'queued', from: since, to: from });
    spans.push({ name: `attempt ${attempt.number}`, kind: kindOf(attempt), from, to });
    since = to;
  }
  if (task.finished_at === null && task.state !== 'running')
    spans.push({ name: 'queued', kind: 'queued', from: since, to: now });
  return spans;
}

/** What has become of a task when, each attempt with its worker. */
export function Attempts({ task }: { readonly task: TaskDetail }) {
  const now = useNow(task.finished_at === null);
  const spans = spansOf(task, now);
  const first = spans[0]?.from ?? now;
  const length = Math.max((spans.at(-1)?.to ?? now) - first, 1);
  return (
    <Section title="Time line" note={task.attempts.length === 0 ? 'not started yet' : undefined}>
      <ol class="timeline">
        {spans.map((span, index) => (
          <li key={index}>
            <span class="timeline-name">{span.name}</span>
            <span class="timeline-track" aria-hidden="true">
              <span
                class={`timeline-span span-${span.kind}`}
                style={{
                  left: `${((span.from - first) / length) * 100}%`,
                  width: `max(2px, ${(Math.max(span.to - span.from, 0) / length) * 100}%)`,
                }}
              />
            </span>
            <span class="timeline-time">{duration(span.to - span.from)}</span>
          </li>
        ))}
      </ol>
      {task.attempts.toReversed().map((attempt) => (
        <details key={attempt.number} open={attempt.number === task.attempt}>
          <summary>
            Attempt {attempt.number}: {attempt.outcome?.replaceAll('_', ' ') ?? 'running'}
            {attempt.exit_code !== null && `, exit code ${attempt.exit_code}`}
          </summary>
          <Facts
            facts={[
              [
                'Worker',
                <a key="worker" href={href(['worker', attempt.worker])}>
                  {attempt.worker_name ?? shortId(attempt.worker)}
                </a>,
              ],
              ['Host', attempt.host],
              ['Began', <Ago key="began" at={attempt.started_at} />],
              ['Wall time', attempt.wall_ms === null ? null : duration(attempt.wall_ms)],
              [
                'CPU time',
                attempt.user_cpu_ms === null
                  ? null
                  : `${duration(attempt.user_cpu_ms)} user, ${duration(attempt.system_cpu_ms)} system`,
              ],
              ...usedFacts(attempt),
              [
                'Output',
                attempt.output_bytes === null
                  ? null
                  : `${bytes(attempt.output_bytes)}${attempt.is_output_truncated ? ', cut at its limit' : ''}`,
              ],
              ['Message', attempt.message],
              ['Notes', attempt.notes.length > 0 ? attempt.notes.join(' ') : null],
            ]}
          />
        </details>
      ))}
    </Section>
  );
}
