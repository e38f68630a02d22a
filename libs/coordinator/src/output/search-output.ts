import type { DataSource } from 'typeorm';
import { anySignal, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import {
  TaskFilters,
  type OutputMatch,
  type OutputMatches,
  type OutputSearch,
  type OutputStream,
} from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { isAlive } from '../kernel/alive-workers.js';
import { iso } from '../kernel/iso.js';
import { findTasks } from '../tasks/find-tasks.js';
import type { Follows } from './follows.js';
import { frameSource, type AttemptOutput } from './frame-source.js';
import { BEGINNING, type SearchPosition } from './line-search.js';
import { searchInBackground, type BackgroundSearch, type Looked } from './search-in-background.js';

export interface OutputSearcherDeps {
  readonly dataSource: DataSource;
  readonly follows: Follows;
  readonly store: ObjectStore;
  /** A worker whose last heartbeat is older than this is silent. */
  readonly silentMs: number;
}

interface OutputRow extends AttemptOutput {
  readonly seq: string;
  readonly name: string;
  readonly job: string | null;
  readonly job_index: number | null;
  readonly host: string | null;
  readonly started_at: string;
  readonly is_alive: boolean;
}

/** One request searches for so long; the next one continues. */
const SEARCH_MS = 2_000;
/** For so long a worker is waited for that does not send. */
const WORKER_MS = 3_000;
/** Tasks that are looked up at a time. */
const TASKS = 50;
/** Outputs that are named because they could not be read; then the request ends, and the next one continues. */
const UNREAD_MAX = 100;

const OUTPUTS = `
  SELECT t.id AS task, t.seq, t.name, t.job_id AS job, t.job_index, a.number, a.worker_id,
    a.ended_at IS NULL AS is_open, a.output_inline, a.output_key, w.hostname AS host,
    ${iso('a.started_at')} AS started_at, coalesce(${isAlive('w', '$3')}, false) AS is_alive
  FROM tasks t JOIN attempts a ON a.task_id = t.id AND ($2 OR a.number = t.attempt)
  LEFT JOIN workers w ON w.id = a.worker_id
  WHERE t.id = ANY ($1) ORDER BY t.seq DESC, a.number`;

const STREAMS: readonly (OutputStream | undefined)[] = [undefined, 'stdout', 'stderr', 'notice'];

/** A place in all that is searched: an attempt of a task, how many lines were found in it, and where it continues. */
interface Place {
  readonly seq: string;
  readonly attempt: number;
  readonly found: number;
  readonly position: SearchPosition;
}

function placeOf(after: string): Place {
  const [seq = '0', attempt = 0, found = 0, frame = 0, skip = 0, line = 0, rest = 0] = after
    .split('.')
    .map((part, index) => (index === 0 ? part : Number(part))) as [string, ...number[]];
  return { seq, attempt, found, position: { frame, skip, line, rest: STREAMS[rest] } };
}

const textOf = ({ seq, attempt, found, position: { frame, skip, line, rest } }: Place): string =>
  [seq, attempt, found, frame, skip, line, STREAMS.indexOf(rest)].join('.');

/** Searches what tasks have printed, and print now: part by part, each output as a stream, off the main thread. */
export class OutputSearcher {
  constructor(private readonly deps: OutputSearcherDeps) {}

  /** Throws `invalid_request` for a pattern that can't be read, `search_too_costly` for one that takes too much. */
  async search(actor: UserActor, query: OutputSearch, signal: AbortSignal): Promise<OutputMatches> {
    const { pattern, syntax, ignore_case: ignoreCase } = query;
    return searchInBackground({ pattern, syntax, ignoreCase }, async (search) =>
      new SearchRun(this.deps, { actor, query, search, signal }).run(),
    );
  }
}

/** One request. */
class SearchRun {
  private readonly matches: OutputMatch[] = [];
  private readonly unread: OutputMatches['unread'] = [];
  private readonly searched = { outputs: 0, bytes: 0 };
  private readonly until = performance.now() + SEARCH_MS;
  private lastSeq: string | undefined;
  /** Whatever the database takes, each request gets further. */
  private hasLooked = false;

  constructor(
    private readonly deps: OutputSearcherDeps,
    private readonly request: {
      readonly actor: UserActor;
      readonly query: OutputSearch;
      readonly search: BackgroundSearch;
      readonly signal: AbortSignal;
    },
  ) {}

  async run(): Promise<OutputMatches> {
    const { after } = this.request.query;
    let place = after === undefined ? undefined : placeOf(after);
    for (;;) {
      const rows = await this.outputsFrom(place);
      for (const row of rows) {
        const start = startIn(row, place);
        if (start === undefined) continue;
        if (this.isEnough) return this.answer({ seq: row.seq, attempt: row.number, ...start });
        const stopped = await this.searchOutput(row, start);
        if (stopped) return this.answer({ seq: row.seq, attempt: row.number, ...stopped });
      }
      const last = this.lastSeq;
      if (last === undefined) return this.answer(undefined);
      // No attempt has this number: the search continues below the task.
      place = { seq: last, attempt: Number.MAX_SAFE_INTEGER, found: 0, position: BEGINNING };
    }
  }

  /** Outputs of the next tasks; the task at `place` is one of them. */
  private async outputsFrom(place: Place | undefined): Promise<OutputRow[]> {
    const { actor, query } = this.request;
    const below = place === undefined ? undefined : String(BigInt(place.seq) + 1n);
    const found = await findTasks(this.deps.dataSource, actor, filtersOf(query), { limit: TASKS, after: below });
    this.lastSeq = found.length < TASKS ? undefined : found.at(-1)?.seq;
    if (found.length === 0) return [];
    const ids = found.map(({ id }) => id);
    const values = [ids, query.attempts === 'all', this.deps.silentMs];
    return (await this.deps.dataSource.query(OUTPUTS, values)) as OutputRow[];
  }

  /** Returns where it has stopped; undefined at the end of the output, or when no more of it is wanted. */
  private async searchOutput(
    row: OutputRow,
    { found, position: from }: Pick<Place, 'found' | 'position'>,
  ): Promise<Pick<Place, 'found' | 'position'> | undefined> {
    this.hasLooked = true;
    if (row.is_open && !row.is_alive) return this.skip(row, 'its worker is silent');
    const { search, query } = this.request;
    const perAttempt = query.per_attempt ?? Infinity;
    const max = Math.min(query.limit - this.matches.length, perAttempt - found);
    if (max <= 0) return undefined;
    await search.open({ from, max, streams: query.stream });
    const reading = { position: from, count: found, hasStopped: false };
    const take = ({ found: lines, position = from }: Looked): void => {
      reading.position = position;
      reading.count += lines.length;
      for (const line of lines) this.matches.push({ ...headOf(row), ...line });
    };
    const why = await this.read(row, from.frame, async (chunk) => {
      const looked = await search.look(chunk);
      take(looked);
      this.searched.bytes += chunk.length;
      reading.hasStopped = looked.isEnough || performance.now() > this.until;
      return !reading.hasStopped;
    });
    if (why !== undefined) return this.skip(row, why);
    const place = { found: reading.count, position: reading.position };
    if (reading.hasStopped) return reading.count >= perAttempt ? undefined : place;
    take(await search.finish());
    this.searched.outputs += 1;
    return undefined;
  }

  /** Reads an output; returns what kept it from doing so. */
  private async read(
    row: OutputRow,
    from: number,
    onChunk: (chunk: Buffer) => Promise<boolean>,
  ): Promise<string | undefined> {
    const late = row.is_open ? AbortSignal.timeout(WORKER_MS) : undefined;
    const { signal } = this.request;
    let [hasEnough, isEmpty] = [false, true];
    try {
      const take = async (chunk: Buffer): Promise<boolean> => {
        hasEnough = !(await onChunk(chunk));
        isEmpty = false;
        return !hasEnough;
      };
      await frameSource(this.deps, row)(from, take, late ? anySignal([signal, late]) : signal);
    } catch (error) {
      if (error instanceof MitoError && error.code === 'invalid_output_frame') return 'it is damaged';
      throw error;
    }
    if (late?.aborted === true && !hasEnough) return `its worker did not send it within ${WORKER_MS / 1000} s`;
    const isStored = !row.is_open && !row.output_inline && row.output_key !== null;
    return isStored && isEmpty && from === 0 && !signal.aborted ? 'the object store does not have it' : undefined;
  }

  private skip({ task, number: attempt }: OutputRow, why: string): undefined {
    this.unread.push({ task, attempt, why });
  }

  private get isEnough(): boolean {
    const isFull = this.matches.length >= this.request.query.limit || this.unread.length >= UNREAD_MAX;
    const isLate = this.hasLooked && performance.now() > this.until;
    return isFull || isLate || this.request.signal.aborted;
  }

  private answer(place: Place | undefined): OutputMatches {
    const { matches, searched, unread } = this;
    return { matches, next: place === undefined ? null : textOf(place), searched, unread };
  }
}

/** What is asked of tasks, without what is searched for. */
function filtersOf(query: OutputSearch): TaskFilters {
  const names = Object.keys(TaskFilters.shape) as (keyof TaskFilters)[];
  return Object.fromEntries(names.map((name) => [name, query[name]]));
}

/** Where an output is begun; undefined for one that was searched before. */
function startIn({ seq, number }: OutputRow, place: Place | undefined): Pick<Place, 'found' | 'position'> | undefined {
  if (place === undefined || seq !== place.seq || number > place.attempt) return { found: 0, position: BEGINNING };
  return number === place.attempt ? place : undefined;
}

const headOf = ({ task, name, job, job_index, number, host, started_at }: OutputRow) => ({
  task,
  name,
  job,
  job_index,
  attempt: number,
  host,
  started_at,
});
