import type { Writable } from 'node:stream';
import { Command, Option } from 'clipanion';
import { MitoError, parseDuration } from '@mitosis/domain';
import { isTerminal } from '../output/paint.js';
import { control } from '../output/say.js';
import { ApiCommand } from './api-command.js';

/** Back to the top left corner, and away with everything below. */
const REDRAW = '\u001b[H\u001b[J';
const INTERVAL_MIN_MS = 500;

function rowsOf(stdout: Writable): number {
  return 'rows' in stdout ? Number(stdout.rows) : 0;
}

export class MetricsCommand extends ApiCommand {
  static override paths = [['client', 'metrics'], ['metrics']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'show live what matters: tasks per second, failures, and how each worker does',
    details: 'For site administrators. Runs until Ctrl-C; everything else is at /metrics for Prometheus.',
    examples: [['One look, for a script', '$0 metrics --once --json']],
  });

  readonly interval = Option.String('--interval', '2s', { description: 'time between two looks' });
  readonly once = Option.Boolean('--once', false, { description: 'look once and end' });

  protected async run(): Promise<void> {
    const { setTimeout: delay } = await import('node:timers/promises');
    const { columnsOf } = await import('../output/print-table.js');
    const { describeMetrics } = await import('../output/describe-metrics.js');
    const intervalMs = parseDuration(this.interval, '--interval');
    if (intervalMs < INTERVAL_MIN_MS) {
      throw new MitoError('invalid', 'invalid_request', '--interval: must be at least 500ms', {
        details: { field: '--interval' },
      });
    }
    const api = await this.api();
    const isScreen = isTerminal(this.context.stdout) && !this.once && !this.json;
    for (;;) {
      const metrics = await api.metrics({ signal: this.signal });
      if (isScreen) control(this.context.stdout, REDRAW);
      this.print(metrics, (value, paint) =>
        describeMetrics(value, paint, {
          columns: columnsOf(this.context.stdout),
          rows: isScreen ? rowsOf(this.context.stdout) : 0,
        }),
      );
      if (this.once) return;
      await delay(intervalMs, undefined, { signal: this.signal });
    }
  }
}
