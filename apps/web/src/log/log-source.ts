import type { OutputLine, OutputLines } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';

/** Lines of one request. */
export const PAGE = 250;
/** Pages kept; those looked at last. */
const PAGES_MAX = 40;
const TAIL = 250;

export interface LogState {
  readonly attempt: number | null;
  /** Lines that are known. */
  readonly total: number;
  readonly isCounted: boolean;
  readonly isOver: boolean;
}

/** What a task has printed, of which only what is looked at is here. */
export class LogSource {
  state: LogState = { attempt: null, total: 0, isCounted: false, isOver: false };
  private readonly pages = new Map<number, OutputLine[]>();
  private readonly wanted = new Set<number>();

  constructor(
    private readonly task: string,
    private readonly chosen: number | undefined,
    private readonly onChange: () => void,
    private readonly signal: AbortSignal,
  ) {}

  line(number: number): OutputLine | undefined {
    return this.pages.get(Math.floor(number / PAGE))?.[number % PAGE];
  }

  /** Reads on: the last line that is known may have grown, and what came after it. */
  async poll(): Promise<void> {
    const { total } = this.state;
    const isFirst = total === 0;
    const range = isFirst ? { tail: TAIL } : { from: total - 1, limit: 1_000 };
    this.take(await this.read(range));
  }

  /** Sees to it that lines come which are to be shown. */
  need(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE); page <= Math.floor(Math.max(to - 1, 0) / PAGE); page++) {
      if (this.isComplete(page) || this.wanted.has(page)) continue;
      this.wanted.add(page);
      this.read({ from: page * PAGE, limit: PAGE })
        .then((answer) => this.take(answer))
        .catch(() => undefined)
        .finally(() => this.wanted.delete(page));
    }
    this.forget(Math.floor(from / PAGE));
  }

  /** Lines as they were printed; those too long to be shown are counted. */
  async text(from: number, to: number): Promise<{ text: string; cut: number }> {
    const lines: OutputLine[] = [];
    while (from + lines.length < to) {
      const answer = await this.read({ from: from + lines.length, limit: Math.min(1_000, to - from - lines.length) });
      if (answer.lines.length === 0) break;
      lines.push(...answer.lines);
    }
    const cut = lines.filter(({ text, bytes }) => new TextEncoder().encode(text).length < bytes).length;
    return { text: lines.map(({ text }) => `${text}\n`).join(''), cut };
  }

  private read(range: Readonly<Record<string, number>>): Promise<OutputLines> {
    const attempt = this.chosen ?? this.state.attempt ?? undefined;
    return call('GET', `tasks/${part(this.task)}/lines${search({ attempt, ...range })}`, { signal: this.signal });
  }

  private take({ attempt, from, lines, total, is_counted, is_over }: OutputLines): void {
    for (const [index, line] of lines.entries()) {
      const page = Math.floor((from + index) / PAGE);
      const kept = this.pages.get(page) ?? [];
      kept[(from + index) % PAGE] = line;
      this.pages.set(page, kept);
    }
    this.state = { attempt, total: Math.max(total, this.state.total), isCounted: is_counted, isOver: is_over };
    this.onChange();
  }

  private isComplete(page: number): boolean {
    const lines = this.pages.get(page);
    const expected = Math.min(PAGE, this.state.total - page * PAGE);
    if (lines === undefined || lines.length < expected) return expected <= 0;
    for (let at = 0; at < expected; at++) if (lines[at] === undefined) return false;
    return true;
  }

  private forget(near: number): void {
    if (this.pages.size <= PAGES_MAX) return;
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const page of far.slice(0, this.pages.size - PAGES_MAX)) this.pages.delete(page);
  }
}
