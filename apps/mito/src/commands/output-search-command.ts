import { Option } from 'clipanion';
import type { TaskConditions } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import type { OutputMatch, OutputMatches } from '@mitosis/protocol';
import { isTerminal } from '../output/paint.js';
import { jsonLine } from '../output/say.js';
import { writeOut } from '../output/write-out.js';
import { TaskConditionCommand } from './task-filter-command.js';
import { parseCount } from './task-options.js';

/** Matches in one response. */
const PAGE = 1000;
/** Outputs that could not be read and are named on stderr. */
const NAMED_MAX = 10;

export const SEARCH_DETAILS =
  'The pattern is a regular expression as RE2 reads it, or with -F a text. It is searched for in every line of ' +
  'the last attempt of each task, while the task runs and afterwards. Newest task first. A line longer than 1 ' +
  'MiB is searched up to there. At a terminal the lines are shown below their task; in a pipe each is ' +
  'UUID:LINE:TEXT. With --json each match is an object in which lines count from 0, as in the API.\n\nThe exit ' +
  'code is 0 whether something is found or not.';

/** A command that searches in what tasks have printed. */
export abstract class OutputSearchCommand extends TaskConditionCommand {
  readonly fixed = Option.Boolean('-F,--fixed-strings', false, {
    description: 'the pattern is a text, not a regular expression',
  });
  readonly ignoreCase = Option.Boolean('-i,--ignore-case', false, { description: 'upper and lower case are the same' });
  readonly maxCount = Option.String('-m,--max-count', { description: 'at most this many lines of each attempt' });
  readonly limit = Option.String('--limit', { description: 'stop after this many lines' });
  readonly allAttempts = Option.Boolean('--all-attempts', false, {
    description: 'search the output of earlier attempts, too',
  });
  readonly stderrOnly = Option.Boolean('--stderr', false, { description: 'only its standard error' });
  readonly stdoutOnly = Option.Boolean('--stdout', false, { description: 'only its standard output' });

  private shown: string | undefined;

  /** `conditions` is asked after `@` was replaced by a UUID. */
  protected async search(pattern: string, conditions: () => TaskConditions): Promise<void> {
    if (this.stderrOnly && this.stdoutOnly)
      throw invalidField('--stdout', 'use either --stdout or --stderr; without both of them both are searched');
    const limit = this.limit === undefined ? Infinity : parseCount(this.limit, '--limit');
    const maxCount = this.maxCount === undefined ? undefined : parseCount(this.maxCount, '--max-count');
    const api = await this.api();
    const parts = api.searchOutput({
      ...conditions(),
      pattern,
      syntax: this.fixed ? 'text' : 're2',
      ignore_case: this.ignoreCase,
      stream: this.stderrOnly ? ['stderr'] : this.stdoutOnly ? ['stdout'] : undefined,
      attempts: this.allAttempts ? 'all' : 'last',
      per_attempt: this.quiet ? 1 : maxCount,
      limit: Math.min(limit, PAGE),
    });
    await this.showAll(parts, limit);
  }

  private async showAll(parts: AsyncIterable<OutputMatches>, limit: number): Promise<void> {
    const unread: OutputMatches['unread'] = [];
    let count = 0;
    let outputs = 0;
    for await (const { matches, unread: more, searched } of parts) {
      unread.push(...more);
      outputs += searched.outputs;
      for (const match of matches.slice(0, limit - count)) if (!(await this.show(match))) return;
      count += matches.length;
      if (count >= limit) break;
    }
    for (const { task, attempt, why } of unread.slice(0, NAMED_MAX))
      this.note(`mito: not searched: attempt ${attempt} of ${task}: ${why}`);
    if (unread.length > NAMED_MAX) this.note(`mito: and ${unread.length - NAMED_MAX} more outputs were not searched`);
    if (count === 0 && !this.json && !this.quiet) this.note(`nothing found in ${outputs} outputs`);
  }

  private async show(match: OutputMatch): Promise<boolean> {
    const { stdout } = this.context;
    if (this.json) return writeOut(stdout, `${jsonLine(match)}\n`, this.signal);
    const isNew = match.task !== this.shown;
    this.shown = match.task;
    if (this.quiet) return !isNew || writeOut(stdout, `${match.task}\n`, this.signal);
    if (!isTerminal(stdout)) return writeOut(stdout, `${match.task}:${match.line + 1}:${match.text}\n`, this.signal);
    const { describeMatch, describeMatchTask } = await import('../output/describe-match.js');
    if (isNew) this.line(describeMatchTask(match, this.paint));
    this.line(describeMatch(match, this.paint));
    return this.isRead();
  }
}
