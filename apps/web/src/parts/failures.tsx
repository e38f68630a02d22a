import type { JobFailures } from '@mitosis/protocol';
import { part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, shortId } from '../app/format.js';
import { href } from '../app/router.js';
import { visible } from '../log/ansi.js';
import { Failure } from './notices.js';
import { Section } from './page.js';

/** The last line says most where it comes from stderr; how it ended says it in any case. */
function titleOf({ lines, why }: JobFailures['groups'][number]): string {
  const last = lines.at(-1);
  return last === undefined ? why : `${why}: ${last}`;
}

/** The failed tasks of a job, those together that ended with the same lines. */
export function Failures({ job }: { readonly job: string }) {
  const { data, error } = useApi<JobFailures>(`jobs/${part(job)}/failures`);
  return (
    <Section
      title="Failures"
      note={
        data &&
        count(data.groups.length, 'kind') + (data.is_complete ? '' : `, of the newest ${data.looked_at} failed tasks`)
      }
    >
      {error && <Failure error={error} />}
      {data?.groups.map((group, index) => (
        <details key={index} open={index === 0} class="failure-group">
          <summary>
            <strong>{group.count} ×</strong> <span dir="auto">{visible(titleOf(group))}</span>
            {group.hosts.length > 0 && (
              <span class="dim">
                {' '}
                on{' '}
                {group.hosts
                  .map(({ hostname, count: number }) =>
                    group.hosts.length === 1 ? hostname : `${hostname} (${number})`,
                  )
                  .join(', ')}
              </span>
            )}
          </summary>
          <pre class="failure-lines" tabIndex={0}>
            {group.lines.length > 0 ? group.lines.map(visible).join('\n') : 'It printed nothing.'}
          </pre>
          <p>
            {group.why}:{' '}
            {group.tasks.map((uuid) => (
              <>
                <a key={uuid} href={href(['task', uuid])}>
                  {shortId(uuid)}
                </a>{' '}
              </>
            ))}
            {group.count > group.tasks.length && `and ${group.count - group.tasks.length} more`}
          </p>
        </details>
      ))}
    </Section>
  );
}
