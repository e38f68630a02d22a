import { Command, Option } from 'clipanion';
import { invalidField, MitoError, parseBytes } from '@mitosis/domain';
import type { SubmitWorkloadInput } from '@mitosis/protocol';
import { EXIT_INTERRUPTED, EXIT_OK } from '../output/exit-codes.js';
import { needOptions } from './need-options.js';
import { splitList } from './option-values.js';
import { storeProgram } from './store-program.js';
import { parseInteger, parseWithin, PRIORITY, RETRIES } from './task-options.js';
import { WorkloadCommand } from './workload-command.js';

function parseParams(text: string): SubmitWorkloadInput['params'] {
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch (cause) {
    throw new MitoError('invalid', 'invalid_request', `--params: is not JSON: ${(cause as Error).message}`, {
      cause,
      details: { field: '--params' },
    });
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw invalidField('--params', 'is not one JSON object');
  return params as SubmitWorkloadInput['params'];
}

export class ComputeCommand extends WorkloadCommand {
  static override paths = [['compute']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'split a computation over the workers and put the results together',
    details:
      'PROGRAM is a WebAssembly file, attachment:KEY of the group, or the name of a workload that comes with ' +
      'Mitosis: matrix_mul, password_hash, mandelbrot. The program splits the work, every part is a task, and its ' +
      'final result is written to a file. Ctrl-C stops watching; the tasks run on until `workloads cancel` ends ' +
      'them, and `workloads wait -o FILE` comes back.',
    examples: [
      ['A picture', `$0 compute mandelbrot --params '{"width":1200,"height":800}' -o mandelbrot.png`],
      [
        'The product of two matrices, in at most 16 parts',
        `$0 compute matrix_mul --params '{"size":512}' --max-subtasks 16`,
      ],
      ['Every part on two workers, results compared', `$0 compute mine.wasm --params '{}' --verify`],
    ],
  });

  readonly group = Option.String('-g,--group', { description: 'group that the tasks belong to; your own by default' });
  readonly params = Option.String('--params', '{}', { description: 'parameters of the program, one JSON object' });
  readonly taskType = Option.String('--task-type', { description: 'the name of the workload, instead of PROGRAM' });
  readonly maxSubtasks = Option.String('--max-subtasks', { description: 'parts at most' });
  readonly verify = Option.Boolean('--verify', false, {
    description: 'compute every part on two workers and compare the results',
  });
  readonly tags = Option.Array('-t,--tags', [], { description: 'tags a worker must have' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels to find the tasks by' });
  readonly priority = Option.String('-p,--priority', '0', { description: 'higher first, -1000 to 1000' });
  readonly timeout = Option.String('--timeout', { description: 'time limit of each task' });
  readonly retries = Option.String('--retries', { description: 'tries of each task after a failure' });
  readonly memoryLimit = Option.String('--memory-limit', { description: 'memory of the program, e.g. 256MiB' });
  readonly needs = needOptions();
  readonly detach = Option.Boolean('-d,--detach', false, { description: 'print the id and do not wait' });
  readonly output = Option.String('-o,--output', { description: 'file for the result; "-" is stdout' });
  readonly idempotencyKey = Option.String('--idempotency-key', {
    description: 'the same command with the same key again submits nothing twice',
  });
  readonly program = Option.String({ name: 'program', required: false });

  protected async run(): Promise<number> {
    const asked = this.program ?? this.taskType;
    if (asked === undefined) throw invalidField('program', 'name a workload or a WebAssembly file');
    const params = parseParams(this.params);
    const field = this.program === undefined ? '--task-type' : 'program';
    const plan = await this.plan();
    const api = await this.api();
    const { name, sha256 } = await storeProgram(api, {
      program: asked,
      field,
      group: this.group,
      isBuiltInAllowed: true,
    });
    const workload = { sha256, name, params, is_verified: this.verify, ...plan };
    const { uuid } = await this.withKey({ key: this.idempotencyKey }, (options) =>
      api.workloads.submit(workload, options),
    );
    if (this.detach) {
      this.print({ uuid }, () => uuid);
      return EXIT_OK;
    }
    if (!this.json) this.note(`workload ${uuid}`);
    const ended = await this.watch(api, uuid);
    if (!ended) return EXIT_INTERRUPTED;
    return (await this.failure(api, ended)) ?? this.save(api, ended, this.output);
  }

  private async plan(): Promise<Omit<SubmitWorkloadInput, 'sha256' | 'name' | 'params'>> {
    const { parseDuration, parseNeeds } = await import('@mitosis/domain');
    return {
      tags: splitList(this.tags, '--tags'),
      labels: splitList(this.labels, '--labels'),
      needs: parseNeeds(this.needs),
      priority: parseWithin(this.priority, '--priority', PRIORITY),
      ...(this.group !== undefined && { group: this.group }),
      ...(this.maxSubtasks !== undefined && { max_subtasks: parseInteger(this.maxSubtasks, '--max-subtasks') }),
      ...(this.timeout !== undefined && { timeout_ms: parseDuration(this.timeout, '--timeout') }),
      ...(this.retries !== undefined && { retries: parseWithin(this.retries, '--retries', RETRIES) }),
      ...(this.memoryLimit !== undefined && { memory_limit_bytes: parseBytes(this.memoryLimit, '--memory-limit') }),
    };
  }
}
