import { Command, Option } from 'clipanion';
import { parseDuration, parseNeeds, type Need } from '@mitosis/domain';
import { ApiCommand } from '../../../api-command.js';
import { parseWithin, RETRIES } from '../../../task-options.js';

/** A duration, or null for `none`. */
function parseLimit(text: string | undefined, option: string, isZeroAllowed = false): number | null | undefined {
  if (text === undefined) return undefined;
  return text === 'none' ? null : parseDuration(text, option, { isZeroAllowed });
}

/** What `--cpus` and `--mem` mean for a task, or null for `none`. */
function parseNeed(text: string, option: '--cpus' | '--mem'): Need | null {
  return text === 'none' ? null : (parseNeeds([{ option, value: text }])[0] ?? null);
}

export class AdminGroupsLimitsCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'groups', 'limits'],
    ['admin', 'groups', 'limits'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'set what tasks of a group get that say nothing else, and their longest time limit',
    details:
      'With "none" the configuration of the coordinator applies: task_timeout, task_timeout_max, max_retries and ' +
      'retry_delay. A task that names cores or memory keeps what it names. Cores and memory are given only by ' +
      'workers that say what their machine has. Tasks that were submitted before keep what they have. Without ' +
      'options the command shows the group.',
    examples: [
      ['A time limit of 12 hours unless a task asks for another', '$0 admin groups limits vision --timeout 12h'],
      ['No task may ask for more than three days', '$0 admin groups limits vision --timeout-max 3d'],
      ['Two cores and 4 GiB for tasks that ask for nothing', '$0 admin groups limits vision --cpus 2 --mem 4GiB'],
      ['Two retries for tasks that name no number', '$0 admin groups limits vision --retries 2 --retry-delay 1m'],
    ],
  });

  readonly group = Option.String({ name: 'group' });
  readonly timeout = Option.String('--timeout', { description: 'time limit of tasks that name none, or none' });
  readonly timeoutMax = Option.String('--timeout-max', { description: 'longest time limit of a task, or none' });
  readonly retries = Option.String('--retries', { description: 'retries of tasks that name no number, or none' });
  readonly retryDelay = Option.String('--retry-delay', {
    description: 'delay before the first retry of tasks that name none, or none',
  });

  readonly cpus = Option.String('--cpus', { description: 'cores of tasks that ask for none, or none' });
  readonly mem = Option.String('--mem', { description: 'memory of tasks that ask for none, e.g. 4GiB, or none' });

  protected async run(): Promise<void> {
    const { timeout, timeoutMax, retries, retryDelay, cpus, mem } = this;
    const limits = {
      ...(timeout !== undefined && { timeout_default_ms: parseLimit(timeout, '--timeout') }),
      ...(timeoutMax !== undefined && { timeout_max_ms: parseLimit(timeoutMax, '--timeout-max') }),
      ...(retries !== undefined && {
        retries_default: retries === 'none' ? null : parseWithin(retries, '--retries', RETRIES),
      }),
      ...(retryDelay !== undefined && { retry_delay_default_ms: parseLimit(retryDelay, '--retry-delay', true) }),
      ...(cpus !== undefined && { cpus_default: parseNeed(cpus, '--cpus')?.cpus ?? null }),
      ...(mem !== undefined && { mem_default_bytes: parseNeed(mem, '--mem')?.mem_bytes ?? null }),
    };
    const { access } = await this.api();
    const isChange = Object.keys(limits).length > 0;
    const group = isChange ? await access.setLimits(this.group, limits) : await access.group(this.group);
    const { describeGroup } = await import('../../../../output/describe-access.js');
    this.print(group, describeGroup);
  }
}
