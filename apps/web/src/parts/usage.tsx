import { useState } from 'preact/hooks';
import type { UsageTable } from '@mitosis/protocol';
import { search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { figure, shellLine, shortId } from '../app/format.js';
import { href } from '../app/router.js';
import { CopyLine } from './copy-line.js';
import { Empty } from './empty.js';
import { Failure } from './notices.js';
import { Loading, Section } from './page.js';
import { Table } from './table.js';

const SPANS = ['24h', '7d', '30d', '90d'];
const KEYS = ['user', 'group', 'job'] as const;
const DAY_MS = 86_400_000;
const hours = (value: number): string => `${figure(Number(value.toFixed(2)))} h`;

/** What people, groups or jobs took of the machines: of one group, or of all that the reader may see. */
export function Usage({ group }: { readonly group?: string }) {
  const [by, setBy] = useState<string>(group === undefined ? 'group' : 'user');
  const [span, setSpan] = useState('30d');
  const days = span === '24h' ? 1 : Number(span.slice(0, -1));
  // From the beginning of a minute: the address stays the same while the page is drawn again.
  const since = new Date(Math.floor(Date.now() / 60_000) * 60_000 - days * DAY_MS).toISOString();
  const { data, error } = useApi<UsageTable>(`usage${search({ by, since, group })}`);
  return (
    <Section
      title="Usage"
      note={`attempts of the last ${span}${data && !data.is_complete ? ', those with the most core hours' : ''}`}
      actions={
        <>
          <Choice label="By" value={by} choices={KEYS} onChoice={setBy} />
          <Choice label="Last" value={span} choices={SPANS} onChoice={setSpan} />
        </>
      }
    >
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="the usage" />}
      {data && data.rows.length === 0 && <Empty>No task has run in this time.</Empty>}
      {data && data.rows.length > 0 && (
        <Table
          label="Usage"
          columns={[
            {
              name: by.replace(/^./, (letter) => letter.toUpperCase()),
              isWide: true,
              cell: (row) =>
                by !== 'job' ? (
                  <span dir="auto">{by === 'user' ? row.user : row.group}</span>
                ) : row.job === null ? (
                  'tasks without a job'
                ) : (
                  <a href={href(['job', row.job])} dir="auto">
                    {row.job_name ?? shortId(row.job)}
                  </a>
                ),
            },
            { name: 'Attempts', isNumber: true, cell: (row) => row.attempts.toLocaleString('en') },
            { name: 'Cores assigned', isNumber: true, cell: (row) => hours(row.core_hours) },
            { name: 'Cores used', isNumber: true, cell: (row) => hours(row.cpu_hours) },
            { name: 'GPUs', isNumber: true, cell: (row) => hours(row.gpu_hours) },
            { name: 'Waited', isNumber: true, isExtra: true, cell: (row) => hours(row.waiting_hours) },
            { name: 'Lost with workers', isNumber: true, isExtra: true, cell: (row) => hours(row.lost.core_hours) },
          ]}
          rows={data.rows}
          keyOf={({ user, group: of, job }) => `${user} ${of} ${job}`}
        />
      )}
      <CopyLine
        text={shellLine([
          'mito',
          'usage',
          '--by',
          by,
          '--since',
          span,
          ...(group === undefined ? [] : ['--group', group]),
        ])}
      />
    </Section>
  );
}

function Choice({
  label,
  value,
  choices,
  onChoice,
}: {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly string[];
  onChoice(value: string): void;
}) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={({ currentTarget }) => onChoice(currentTarget.value)}>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}
