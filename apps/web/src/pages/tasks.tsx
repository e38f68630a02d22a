import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CancelAnswer, TaskPage, TaskView } from '@mitosis/protocol';
import { call, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, shellLine } from '../app/format.js';
import { go, setQuery, type Route } from '../app/router.js';
import { groupsFor, may, session, type SessionState } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { FilterBar, withoutPosition, type FilterField } from '../parts/filter-bar.js';
import { Field, Form } from '../parts/form.js';
import { complain, Failure, say } from '../parts/notices.js';
import { OutputSearch } from '../parts/output-search.js';
import { Loading, Page } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { TASK_COLUMNS } from '../parts/task-rows.js';

const LIMIT = 50;
const STATES = ['pending', 'ready', 'running', 'completed', 'failed', 'cancelled'];
const TEXT: FilterField = { name: 'text', label: 'Search names, commands and failures' };

/** Every filter of `mito tasks query`, by the name that the API gives it. */
const FIELDS: readonly FilterField[] = [
  TEXT,
  { name: 'state', label: 'State', hint: `some of: ${STATES.join(', ')}` },
  { name: 'group', label: 'Group' },
  { name: 'creator', label: 'Creator' },
  { name: 'name', label: 'Name', hint: 'the whole name' },
  { name: 'tags', label: 'Tags', hint: 'has all of: a,b' },
  { name: 'labels', label: 'Labels', hint: 'has all of: a,b' },
  { name: 'job', label: 'Job', hint: 'uuid' },
  { name: 'upstream', label: 'Submitted by task', hint: 'uuid' },
  { name: 'worker', label: 'Worker', hint: 'uuid' },
  { name: 'exit_code', label: 'Exit code', hint: '0, !=0, >=3' },
  { name: 'priority', label: 'Priority', hint: '0, >5' },
  { name: 'created_after', label: 'Created after', hint: 'ISO 8601' },
  { name: 'created_before', label: 'Created before', hint: 'ISO 8601' },
  { name: 'finished_after', label: 'Finished after', hint: 'ISO 8601' },
  { name: 'finished_before', label: 'Finished before', hint: 'ISO 8601' },
];

const OPTIONS: Readonly<Record<string, string>> = {
  created_after: 'since',
  created_before: 'until',
  finished_after: 'finished-since',
  finished_before: 'finished-until',
};

/** The options of the command that mean the same. */
export function filterOptions(filters: Readonly<Record<string, string>>): string[] {
  return Object.entries(filters).flatMap(([name, value]) => [`--${OPTIONS[name] ?? name.replaceAll('_', '-')}`, value]);
}

function mayCancel(current: SessionState, { group, creator }: TaskView): boolean {
  return may(current, { action: 'task.cancel', groupId: group, creatorId: creator });
}

export default function TasksPage({ route: { query } }: { readonly route: Route }) {
  const current = useStore(session);
  const filters = withoutPosition(query);
  const list = useApi<TaskPage>(`tasks${search({ ...query, limit: LIMIT })}`, {
    isConcerned: (change) => change.type === 'resync' || change.type === 'task',
  });
  const total = useApi<{ count: number }>(`tasks/count${search(filters)}`, {
    isConcerned: (change) => change.type === 'resync' || change.type === 'task',
  });
  const steady = useSteadyRows(list.data, JSON.stringify(query));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setChosen(new Set()), [JSON.stringify(query)]);
  const matching = total.data?.count;
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <Page
      title="Tasks"
      lead={
        matching === undefined
          ? 'counting …'
          : `${count(matching, 'task')} ${isFiltered ? 'match the filter' : 'that you may see'}, newest first`
      }
      command={shellLine(['mito', 'tasks', 'query', ...filterOptions(filters)])}
    >
      <FilterBar
        query={query}
        fields={FIELDS}
        search={TEXT}
        presets={['running', 'failed', 'pending', 'completed'].map((state) => ({ name: state, query: { state } }))}
      />
      {list.error && <Failure error={list.error} />}
      {list.data === undefined && list.isLoading && <Loading what="the tasks" />}
      {list.data !== undefined && (
        <>
          <BulkBar
            rows={steady.rows}
            chosen={chosen}
            filters={filters}
            matching={matching}
            onDone={() => (setChosen(new Set()), list.reload())}
          />
          {steady.newer > 0 && (
            <button type="button" onClick={steady.showNewer}>
              {count(steady.newer, 'newer task')}: show
            </button>
          )}
          {steady.rows.length === 0 ? (
            <Empty command={groupsFor(current, 'task.submit').length > 0 ? 'mito run -- echo hello' : undefined}>
              {isFiltered ? 'No task matches the filter.' : 'There are no tasks yet.'}
            </Empty>
          ) : (
            <Table
              label="Tasks"
              columns={TASK_COLUMNS}
              rows={steady.rows}
              keyOf={({ uuid }) => uuid}
              hasKeys
              onOpen={({ uuid }) => go(['task', uuid])}
              selection={
                steady.rows.some((task) => mayCancel(current, task))
                  ? selectionOf(steady.rows, chosen, setChosen)
                  : undefined
              }
            />
          )}
          {(steady.rows.length > 0 || query['after'] !== undefined) && (
            <div class="pager">
              <span>
                {count(steady.rows.length, 'task')} on this page
                {matching !== undefined && ` of ${matching.toLocaleString('en')}`}
              </span>
              <span class="actions">
                {query['after'] !== undefined && (
                  <button type="button" onClick={() => setQuery(filters)}>
                    Newest
                  </button>
                )}
                {list.data.next !== null && (
                  <button type="button" onClick={() => setQuery({ ...filters, after: list.data?.next ?? undefined })}>
                    Older
                  </button>
                )}
              </span>
            </div>
          )}
        </>
      )}
      <OutputSearch filters={filters} command={['mito', 'tasks', 'grep', ...filterOptions(filters)]} />
    </Page>
  );
}

function selectionOf(
  rows: readonly TaskView[],
  keys: ReadonlySet<string>,
  setKeys: (keys: ReadonlySet<string>) => void,
) {
  const toggle = (key: string): void => {
    const next = new Set(keys);
    if (!next.delete(key)) next.add(key);
    setKeys(next);
  };
  const isAll = rows.every(({ uuid }) => keys.has(uuid));
  const toggleAll = (): void => setKeys(new Set(isAll ? [] : rows.map(({ uuid }) => uuid)));
  return { keys, toggle, toggleAll, nameOf: (row: TaskView) => row.name };
}

/** Rows change where they are; what is new waits until it is asked for, so that nothing moves under the pointer. */
function useSteadyRows(page: TaskPage | undefined, place: string) {
  const [shown, setShown] = useState<{ place: string; uuids: readonly string[] }>();
  const rows = page?.tasks ?? [];
  const isSamePlace = shown?.place === place;
  useEffect(() => {
    if (page !== undefined && (!isSamePlace || shown.uuids.length === 0))
      setShown({ place, uuids: rows.map(({ uuid }) => uuid) });
  }, [page, place]);
  return useMemo(() => {
    if (!isSamePlace || shown.uuids.length === 0) return { rows, newer: 0, showNewer: () => undefined };
    const known = new Set(shown.uuids);
    const first = rows.findIndex(({ uuid }) => known.has(uuid));
    const newer = first === -1 ? rows.length : first;
    return {
      rows: rows.slice(newer),
      newer,
      showNewer: () => setShown({ place, uuids: rows.map(({ uuid }) => uuid) }),
    };
  }, [page, shown, place]);
}

/** What can be done with the tasks that were ticked, or with all that the filter finds. */
function BulkBar({
  rows,
  chosen,
  filters,
  matching,
  onDone,
}: {
  readonly rows: readonly TaskView[];
  readonly chosen: ReadonlySet<string>;
  readonly filters: Readonly<Record<string, string>>;
  readonly matching: number | undefined;
  onDone(): void;
}) {
  const current = useStore(session);
  const [isAll, setAll] = useState(false);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => setAll(false), [chosen]);
  if (chosen.size === 0) return null;
  const ticked = rows.filter(({ uuid }) => chosen.has(uuid));
  const isFiltered = Object.keys(filters).length > 0;
  const isWhole = chosen.size === rows.length && matching !== undefined && matching > rows.length && isFiltered;
  const number = isAll && matching !== undefined ? matching : chosen.size;
  return (
    <div class="bulk" role="group" aria-label="Selected tasks">
      <strong>{count(number, 'task')} selected</strong>
      {isWhole && (
        <button type="button" class="link" onClick={() => setAll(!isAll)}>
          {isAll ? 'only those on this page' : `all ${matching.toLocaleString('en')} that match the filter`}
        </button>
      )}
      {ticked.some((task) => mayCancel(current, task)) && (
        <button type="button" class="danger" onClick={() => setAsking(true)}>
          Cancel …
        </button>
      )}
      {isAsking && (
        <CancelDialog
          number={number}
          selection={isAll ? { filter: filters } : { uuids: [...chosen] }}
          onClose={() => setAsking(false)}
          onDone={onDone}
        />
      )}
    </div>
  );
}

export function CancelDialog({
  number,
  selection,
  onClose,
  onDone,
}: {
  readonly number: number;
  readonly selection: object;
  onClose(): void;
  onDone(): void;
}) {
  const [reason, setReason] = useState('');
  const [affected, setAffected] = useState<number>();
  const look = async (): Promise<void> => {
    const preview = await call<CancelAnswer>('POST', 'tasks/cancel', { body: { ...selection, dry_run: true } });
    setAffected(preview.cancelled + preview.requested);
  };
  useEffect(() => void look().catch(complain), []);
  const cancel = async (): Promise<void> => {
    const isFilter = 'filter' in selection;
    const body = { ...selection, ...(reason !== '' && { reason }), ...(isFilter && { expected_count: affected }) };
    const { cancelled, requested } = await call<CancelAnswer>('POST', 'tasks/cancel', { body }).catch(
      async (error: unknown) => {
        // Another number than was shown: it is counted again, and asked again.
        await look();
        throw error;
      },
    );
    say(
      `${count(cancelled, 'task')} ` +
        `cancelled${requested > 0 ? `, ${count(requested, 'running task')} asked to stop` : ''}.`,
    );
    onClose();
    onDone();
  };
  return (
    <Dialog title={`Cancel ${count(number, 'task')}?`} onClose={onClose}>
      <p>
        {affected === undefined
          ? 'Counting those that can still be cancelled.'
          : `${count(affected, 'task')} of ${number.toLocaleString('en')} can still be cancelled.`}{' '}
        Tasks that have ended stay as they are. This can't be undone; a cancelled task can be submitted again.
      </p>
      <Form
        action={affected === undefined ? 'Counting …' : `Cancel ${count(affected, 'task')}`}
        isDangerous
        isReady={affected !== undefined && affected > 0}
        onSubmit={cancel}
      >
        {() => (
          <Field
            label="Reason"
            name="reason"
            value={reason}
            onValue={setReason}
            hint="kept with the tasks; may be empty"
          />
        )}
      </Form>
    </Dialog>
  );
}
