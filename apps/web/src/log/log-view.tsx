import { useEffect, useReducer, useState } from 'preact/hooks';
import type { OutputLine } from '@mitosis/protocol';
import { messageOf } from '../api/call.js';
import { bytes, count } from '../app/format.js';
import { copyText } from '../parts/copy-line.js';
import { complain, Failure, say } from '../parts/notices.js';
import { spansOf } from './ansi.js';
import { LogSource } from './log-source.js';
import { ROW, useWindow } from './window.js';
import '../style/log.css';

const QUICK_MS = 350;
const SLOW_MS = 1_500;
const AWAY_MS = 2_000;
const COPY_MAX = 100_000;

/** The output of a task: while it runs as it comes, afterwards any part of it, however long it is. */
export function LogView({ task, attempt }: { readonly task: string; readonly attempt: number | undefined }) {
  const { source, error } = useLog(task, attempt);
  const [isFollowing, setFollowing] = useState(true);
  const [range, setRange] = useState<{ from: number; to: number }>();
  const { total, isCounted, isOver } = source?.state ?? { total: 0, isCounted: false, isOver: false };
  const view = useWindow(total, isFollowing, setFollowing);
  useEffect(() => source?.need(view.from, view.to), [source, view.from, view.to, total]);
  const mark = (line: number, isExtending: boolean): void =>
    setRange((old) =>
      isExtending && old
        ? { from: Math.min(old.from, line), to: Math.max(old.to, line + 1) }
        : { from: line, to: line + 1 },
    );
  const copy = async (): Promise<void> => {
    if (!source || !range) return;
    if (range.to - range.from > COPY_MAX)
      return complain(
        new Error(`At most ${count(COPY_MAX, 'line')} are copied at a time. Download the artifact std-log for more.`),
      );
    const { text, cut } = await source.text(range.from, range.to);
    if (!(await copyText(text))) return complain(new Error('The browser did not let this page copy.'));
    say(
      `${count(range.to - range.from, 'line')} ` +
        `copied${cut > 0 ? `; ${count(cut, 'line')} too long to be copied whole` : ''}.`,
    );
  };
  const status = isOver
    ? count(total, 'line')
    : isCounted
      ? `${count(total, 'line')} so far`
      : `counting lines: ${total.toLocaleString('en')} …`;
  return (
    <div class="log">
      <div class="log-bar">
        <span class="dim">{status}</span>
        <span class="actions">
          {range && (
            <button type="button" class="small" onClick={() => void copy()}>
              Copy {range.to - range.from === 1 ? `line ${range.from + 1}` : `lines ${range.from + 1} to ${range.to}`}
            </button>
          )}
          <button type="button" class="small" onClick={() => (setFollowing(false), view.goTo(0))}>
            Beginning
          </button>
          <button type="button" class="small" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
            {isOver ? 'End' : 'Follow'}
          </button>
        </span>
      </div>
      {error !== undefined && total === 0 && <Failure error={error} />}
      <div
        class={isOver && total === 0 ? 'log-frame nothing' : 'log-frame'}
        ref={view.frame}
        onScroll={view.onScroll}
        onWheel={view.onWheel}
        onKeyDown={view.onKeyDown}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Output of the task"
      >
        <div style={{ height: `${view.height}px` }}>
          <div class="log-window" style={{ height: `${view.visible}px` }}>
            <div style={{ transform: `translateY(${-view.shift}px)` }}>
              {Array.from({ length: Math.max(view.to - view.from, 0) }, (_, index) => (
                <LogLine
                  key={view.from + index}
                  number={view.from + index}
                  line={source?.line(view.from + index)}
                  isMarked={range !== undefined && view.from + index >= range.from && view.from + index < range.to}
                  onMark={mark}
                />
              ))}
            </div>
          </div>
        </div>
      </div>
      {total === 0 && error === undefined && (
        <p class="log-empty dim">{isOver ? 'It printed nothing.' : 'Nothing was printed yet.'}</p>
      )}
      {error !== undefined && total > 0 && (
        <p class="dim" role="status">
          {messageOf(error)}
        </p>
      )}
    </div>
  );
}

/** Reads while somebody looks: quickly as long as something comes, more slowly when nothing does. */
function useLog(task: string, attempt: number | undefined) {
  const [, redraw] = useReducer((round: number) => round + 1, 0);
  const [error, setError] = useState<unknown>();
  const [source, setSource] = useState<LogSource>();
  useEffect(() => {
    const controller = new AbortController();
    const log = new LogSource(task, attempt, () => redraw(undefined), controller.signal);
    setSource(log);
    setError(undefined);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async (): Promise<void> => {
      const { total } = log.state;
      let pause = SLOW_MS;
      if (document.visibilityState === 'visible') {
        try {
          await log.poll();
          setError(undefined);
          if (log.state.total !== total || !log.state.isCounted) pause = QUICK_MS;
        } catch (failure) {
          if (controller.signal.aborted) return;
          setError(failure);
          pause = AWAY_MS;
        }
      }
      if (!log.state.isOver && !controller.signal.aborted) timer = setTimeout(() => void poll(), pause);
    };
    const wake = (): void => {
      if (log.state.isOver || document.visibilityState !== 'visible') return;
      clearTimeout(timer);
      void poll();
    };
    document.addEventListener('visibilitychange', wake);
    void poll();
    return () => {
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [task, attempt]);
  return { source, error };
}

function LogLine({
  number,
  line,
  isMarked,
  onMark,
}: {
  readonly number: number;
  readonly line: OutputLine | undefined;
  readonly isMarked: boolean;
  onMark(line: number, isExtending: boolean): void;
}) {
  const isCut = line !== undefined && line.bytes > 16_384;
  return (
    <div class={`log-line ${line?.stream ?? ''} ${isMarked ? 'marked' : ''}`} style={{ height: `${ROW}px` }}>
      <span
        class="log-number"
        onClick={({ shiftKey }) => onMark(number, shiftKey)}
        title="Click to mark, shift-click to mark up to here"
      >
        {number + 1}
      </span>
      <span class="log-text" dir="ltr">
        {line?.stream === 'stderr' && <span class="sr">stderr: </span>}
        {line &&
          spansOf(line.text).map((span, index) => (
            <span
              key={index}
              class={span.classes}
              style={{ color: span.color ?? '', backgroundColor: span.background ?? '' }}
            >
              {span.text}
            </span>
          ))}
        {isCut && <span class="dim"> … {bytes(line.bytes - 16_384)} more of this line</span>}
      </span>
    </div>
  );
}
