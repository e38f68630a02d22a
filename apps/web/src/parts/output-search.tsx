import { useEffect, useRef, useState } from 'preact/hooks';
import type { OutputMatch, OutputMatches } from '@mitosis/protocol';
import { call, search } from '../api/call.js';
import { count, shellLine, shortId } from '../app/format.js';
import { href } from '../app/router.js';
import { visible } from '../log/ansi.js';
import { CopyLine } from './copy-line.js';
import { Failure } from './notices.js';
import { Section } from './page.js';
import { Ago } from './time.js';

/** Lines that are fetched by one click. */
const LINES = 200;
/** Outputs that are named because they could not be searched. */
const UNREAD = 5;

interface Found {
  readonly matches: readonly OutputMatch[];
  readonly unread: OutputMatches['unread'];
  readonly outputs: number;
  /** Where the search continues; null at its end. */
  readonly next: string | null;
}

const NOTHING: Found = { matches: [], unread: [], outputs: 0, next: null };

interface Asked {
  readonly pattern: string;
  readonly syntax: 're2' | 'text';
  readonly ignore_case: 'true' | 'false';
}

export interface OutputSearchProps {
  /** Which tasks, by the names that the API gives the filters. */
  readonly filters: Readonly<Record<string, string>>;
  /** The command that searches the same tasks, without the pattern. */
  readonly command: readonly string[];
}

/** A box that searches in what tasks have printed. */
export function OutputSearch({ filters, command }: OutputSearchProps) {
  const [pattern, setPattern] = useState('');
  const [isExpression, setExpression] = useState(false);
  const [ignoresCase, setIgnoresCase] = useState(true);
  const { asked, found, error, isSearching, start, more, stop } = useOutputSearch(filters);
  const submit = (event: Event): void => {
    event.preventDefault();
    const syntax = isExpression ? 're2' : 'text';
    if (pattern !== '') start({ pattern, syntax, ignore_case: ignoresCase ? 'true' : 'false' });
  };
  return (
    <Section title="Search the output" note={asked && noteOf(found, isSearching)}>
      <form class="output-search" role="search" onSubmit={submit}>
        <input
          type="search"
          aria-label="Search what the tasks have printed"
          placeholder="CUDA out of memory"
          maxLength={1000}
          value={pattern}
          onInput={({ currentTarget }) => setPattern(currentTarget.value)}
        />
        <label>
          <input type="checkbox" checked={isExpression} onChange={() => setExpression(!isExpression)} /> Regular
          expression (RE2)
        </label>
        <label>
          <input type="checkbox" checked={ignoresCase} onChange={() => setIgnoresCase(!ignoresCase)} /> Ignore case
        </label>
        {isSearching ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={pattern === ''}>
            Search
          </button>
        )}
      </form>
      {error !== undefined && <Failure error={error} />}
      <Matches matches={found.matches} />
      {found.unread.slice(0, UNREAD).map(({ task, attempt, why }) => (
        <p class="dim" key={`${task} ${attempt}`}>
          Not searched: <a href={href(['task', task])}>{shortId(task)}</a>, attempt {attempt}: {why}
        </p>
      ))}
      {found.unread.length > UNREAD && (
        <p class="dim">{count(found.unread.length - UNREAD, 'more output')} not searched.</p>
      )}
      {found.next !== null && !isSearching && (
        <button type="button" onClick={more}>
          Search on
        </button>
      )}
      {asked && (
        <CopyLine
          text={shellLine([
            ...command,
            ...(asked.syntax === 'text' ? ['-F'] : []),
            ...(asked.ignore_case === 'true' ? ['-i'] : []),
            '--',
            asked.pattern,
          ])}
        />
      )}
    </Section>
  );
}

function noteOf({ matches, outputs, next }: Found, isSearching: boolean): string {
  const found = `${next === null ? '' : 'at least '}${count(matches.length, 'line')}`;
  const lines = `${found} in ${count(outputs, 'output')} searched`;
  return isSearching ? `searching … ${lines}` : lines;
}

/** The lines below their task. */
function Matches({ matches }: { readonly matches: readonly OutputMatch[] }) {
  const groups = new Map<string, OutputMatch[]>();
  for (const match of matches) {
    const key = `${match.task} ${match.attempt}`;
    const lines = groups.get(key) ?? [];
    groups.set(key, lines);
    lines.push(match);
  }
  return (
    <>
      {[...groups].map(([key, lines]) => {
        const [{ task, name, job_index: index, attempt, host, started_at: startedAt }] = lines as [OutputMatch];
        return (
          <div key={key} class="output-matches">
            <p>
              <a href={href(['task', task])} dir="auto">
                {visible(name)}
              </a>{' '}
              <span class="dim">
                {index !== null && `task ${index}, `}attempt {attempt}
                {host !== null && ` on ${visible(host)}`}, since <Ago at={startedAt} />
              </span>
            </p>
            <pre tabIndex={0}>
              {lines.map((line) => (
                <Line key={line.line} match={line} />
              ))}
            </pre>
          </div>
        );
      })}
    </>
  );
}

function Line({ match: { line, text, at, length, is_cut: isCut, stream } }: { readonly match: OutputMatch }) {
  // parsing: the places are those that the search has returned
  const [before, found, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)].map(visible);
  return (
    <span class={stream === 'stderr' ? 'from-stderr' : undefined}>
      <span class="dim">{String(line + 1).padStart(7)} </span>
      {before}
      <mark>{found}</mark>
      {after}
      {isCut && <span class="dim"> …</span>}
      {'\n'}
    </span>
  );
}

/** Searches part by part, until enough lines were found, somebody stops it, or the end. */
function useOutputSearch(filters: Readonly<Record<string, string>>) {
  const [asked, setAsked] = useState<Asked>();
  const [found, setFound] = useState(NOTHING);
  const [error, setError] = useState<unknown>();
  const [isSearching, setSearching] = useState(false);
  const running = useRef<AbortController>(undefined);
  const which = JSON.stringify(filters);
  // Another choice of tasks is another search.
  useEffect(() => {
    setAsked(undefined);
    setFound(NOTHING);
    setError(undefined);
    return () => running.current?.abort();
  }, [which]);
  const run = async (what: Asked, begun: Found): Promise<void> => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setSearching(true);
    setError(undefined);
    const enough = begun.matches.length + LINES;
    let all = begun;
    try {
      do {
        const query = search({ ...filters, ...what, limit: enough - all.matches.length, after: all.next ?? undefined });
        const part: OutputMatches = await call('GET', `tasks/grep${query}`, { signal: controller.signal });
        all = {
          matches: [...all.matches, ...part.matches],
          unread: [...all.unread, ...part.unread],
          outputs: all.outputs + part.searched.outputs,
          next: part.next,
        };
        setFound(all);
      } while (all.next !== null && all.matches.length < enough);
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      if (running.current === controller) setSearching(false);
    }
  };
  return {
    asked,
    found,
    error,
    isSearching,
    start: (what: Asked): void => {
      setAsked(what);
      setFound(NOTHING);
      void run(what, NOTHING);
    },
    more: (): void => void (asked && run(asked, found)),
    stop: (): void => running.current?.abort(),
  };
}
