import type { TaskExplanation } from '@mitosis/protocol';
import { part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { Failure } from './notices.js';
import { Section } from './page.js';
import { Table } from './table.js';

/** Why a task is not running. */
export function Explanation({ task }: { readonly task: string }) {
  const { data, error } = useApi<TaskExplanation>(`tasks/${part(task)}/explain`, { everyMs: 5_000 });
  return (
    <Section title="Why it waits">
      {error && <Failure error={error} />}
      {data && (
        <>
          <p>{data.summary}</p>
          {data.workers.length > 0 && (
            <details>
              <summary>What each worker says</summary>
              <Table
                label="Workers"
                columns={[
                  { name: 'Worker', cell: ({ hostname }) => hostname },
                  { name: 'Verdict', cell: ({ verdict }) => verdict },
                  { name: 'Detail', isWide: true, cell: ({ detail }) => detail },
                ]}
                rows={data.workers}
                keyOf={({ uuid }) => uuid}
              />
            </details>
          )}
        </>
      )}
    </Section>
  );
}
