import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TerminalOpened } from '@mitosis/protocol';
import { call, messageOf, part } from '../api/call.js';
import { Failure } from '../parts/notices.js';
import { followTerminal } from './follow-terminal.js';
import { styledDocument, withStyleSheets } from './styled-document.js';
import { Typist } from './typist.js';
import '@xterm/xterm/css/xterm.css';
import '../style/terminal.css';

/** Output up to this size is shown from its beginning; of longer output only new bytes are shown. */
const HISTORY_BYTES = 1_000_000;
const RESIZE_MS = 150;

/** The terminal of a running task. Control and a letter belong to the program; Escape twice leaves the terminal. */
export function TerminalView({ task }: { readonly task: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>();
  const [status, setStatus] = useState('connecting …');
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const controller = new AbortController();
    const fail = (failure: unknown): void => void (controller.signal.aborted || setError(failure));
    const terminal = new Terminal({
      documentOverride: styledDocument(document),
      fontFamily: getComputedStyle(element).fontFamily,
      fontSize: 13,
      scrollback: 5_000,
      screenReaderMode: true,
      theme: { background: '#14181d', foreground: '#e4e9ee' },
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    withStyleSheets(document, () => terminal.open(element));
    fit.fit();
    const size = () => ({ cols: terminal.cols, rows: terminal.rows });
    const open = (redraw: boolean) =>
      call<TerminalOpened>('POST', `tasks/${part(task)}/terminal`, {
        body: { ...size(), redraw },
        signal: controller.signal,
      });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => (fit.fit(), open(false).catch(fail)), RESIZE_MS);
    });
    const run = async (): Promise<void> => {
      const { attempt, offset } = await open(true);
      const typist = new Typist(task, attempt, fail);
      terminal.onData((text) => typist.type(text));
      terminal.focus();
      observer.observe(element);
      setStatus('connected');
      await followTerminal(
        task,
        { attempt, offset: offset > HISTORY_BYTES ? offset : 0 },
        (bytes) => terminal.write(bytes),
        controller.signal,
      );
      setStatus('ended');
    };
    run().catch((failure: unknown) => (setStatus('not connected'), fail(failure)));
    leaveOnEscape(terminal);
    return () => {
      controller.abort();
      clearTimeout(timer);
      observer.disconnect();
      terminal.dispose();
    };
  }, [task]);
  return (
    <>
      {error !== undefined && <Failure error={new Error(messageOf(error))} />}
      <p class="dim" role="status">
        {status}. Press Escape twice to leave the terminal with the keyboard.
      </p>
      <div class="terminal-frame" ref={frame} />
    </>
  );
}

const TWICE_MS = 500;

function leaveOnEscape(terminal: Terminal): void {
  let last = 0;
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown' || event.key !== 'Escape') return true;
    const now = performance.now();
    if (now - last < TWICE_MS) terminal.blur();
    last = now;
    return true;
  });
}
