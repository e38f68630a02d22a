import type { JobPage, JobView } from '@mitosis/protocol';
import { search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, shellLine } from '../app/format.js';
import { go, href, setQuery, type Route } from '../app/router.js';
import { groupsFor, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Empty } from '../parts/empty.js';
import { FilterBar, withoutPosition, type FilterField } from '../parts/filter-bar.js';
import { JobBar } from '../parts/job-bar.js';
import { Failure } from '../parts/notices.js';
import { Loading, Page } from '../parts/page.js';
import { StateMark } from '../parts/state.js';
import { Table, type Column } from '../parts/table.js';
import { Ago } from '../parts/time.js';

const LIMIT = 50;
const NAME: FilterField = { name: 'name', label: 'The whole name of a job' };
const FIELDS: readonly FilterField[] = [NAME, { name: 'group', label: 'Group' }, { name: 'creator', label: 'Creator' }];

const COLUMNS: readonly Column<JobView>[] = [
  { name: 'State', cell: (job) => <StateMark state={job.state} note={job.is_suspended ? 'suspended' : undefined} /> },
  {
    name: 'Name',
    isWide: true,
    cell: (job) => (
      <a href={href(['job', job.uuid])} dir="auto" title={job.name}>
        {job.name}
      </a>
    ),
  },
  { name: 'Progress', cell: (job) => <JobBar job={job} /> },
  { name: 'Tasks', isNumber: true, cell: (job) => job.total.toLocaleString('en') },
  { name: 'Failed', isNumber: true, cell: (job) => job.counts.failed ?? 0 },
  { name: 'Group', isExtra: true, cell: (job) => job.group },
  { name: 'Creator', isExtra: true, cell: (job) => job.creator },
  { name: 'Created', cell: (job) => <Ago at={job.created_at} /> },
];

export default function JobsPage({ route: { query } }: { readonly route: Route }) {
  const filters = withoutPosition(query);
  const canSubmit = groupsFor(useStore(session), 'task.submit').length > 0;
  const { data, error } = useApi<JobPage>(`jobs${search({ ...query, limit: LIMIT })}`, {
    isConcerned: ({ type }) => type !== 'group',
  });
  const options = Object.entries(filters).flatMap(([name, value]) => [`--${name}`, value]);
  return (
    <Page
      title="Jobs"
      lead="Tasks that were submitted together, newest first"
      command={shellLine(['mito', 'jobs', 'list', ...options])}
    >
      <FilterBar query={query} fields={FIELDS} search={NAME} />
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="the jobs" />}
      {data &&
        (data.jobs.length === 0 ? (
          <Empty command={canSubmit ? 'mito tasks submit --sweep lr=0.1,0.3 -- ./train.py --lr {lr}' : undefined}>
            {Object.keys(filters).length > 0 ? 'No job matches the filter.' : 'There are no jobs yet.'}
          </Empty>
        ) : (
          <Table
            label="Jobs"
            columns={COLUMNS}
            rows={data.jobs}
            keyOf={({ uuid }) => uuid}
            hasKeys
            onOpen={({ uuid }) => go(['job', uuid])}
          />
        ))}
      {data && (data.jobs.length > 0 || query['after'] !== undefined) && (
        <div class="pager">
          <span>{count(data.jobs.length, 'job')} on this page</span>
          <span class="actions">
            {query['after'] !== undefined && (
              <button type="button" onClick={() => setQuery(filters)}>
                Newest
              </button>
            )}
            {data.next !== null && (
              <button type="button" onClick={() => setQuery({ ...filters, after: data.next ?? undefined })}>
                Older
              </button>
            )}
          </span>
        </div>
      )}
    </Page>
  );
}
