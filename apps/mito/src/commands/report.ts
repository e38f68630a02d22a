import { Command, Option } from 'clipanion';
import { invalidField, MitoError, parseProgress } from '@mitosis/domain';
import { metricsLine } from '../metrics-line.js';
import { MitoCommand } from './mito-command.js';

export class ReportCommand extends MitoCommand {
  static override paths = [['report']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'inside a task: say how far it is, or report metrics',
    details:
      'A value between 0 and 1, or a percentage, is appended to the file $MITO_PROGRESS. NAME=NUMBER, once or ' +
      'several times, is appended as one line to $MITO_RESULT_DIR/metrics.jsonl, the metrics of the task. A task may ' +
      'write both files itself.',
    examples: [
      ['Almost half done', '$0 report 0.42 "epoch 3"'],
      ['The metrics of a step', '$0 report loss=0.2 accuracy=0.91 --step 3'],
    ],
  });

  readonly value = Option.String({ name: 'value' });
  readonly message = Option.Rest({ name: 'message' });
  readonly step = Option.String('--step', { description: 'the step that the metrics belong to' });

  protected async run(): Promise<void> {
    const isMetric = this.value.includes('=');
    if (!isMetric && this.step !== undefined)
      throw invalidField('--step', 'belongs to metrics: write loss=0.2 --step 3');
    const [file, line] = isMetric
      ? [`${this.pathOf('MITO_RESULT_DIR')}/metrics.jsonl`, metricsLine([this.value, ...this.message], this.step)]
      : [this.pathOf('MITO_PROGRESS'), this.progressLine()];
    const { appendFile } = await import('node:fs/promises');
    await appendFile(file, line);
  }

  private pathOf(variable: string): string {
    const found = this.context.env[variable];
    if (found !== undefined) return found;
    throw new MitoError('invalid', 'not_in_a_task', `this works inside a task only: ${variable} is not set`);
  }

  private progressLine(): string {
    if (!parseProgress(this.value))
      throw invalidField('value', `"${this.value}" is neither progress nor a metric; write 0.42 or 42%, or loss=0.2`);
    return `${this.value} ${this.message.join(' ').replace(/\s+/g, ' ')}\n`;
  }
}
