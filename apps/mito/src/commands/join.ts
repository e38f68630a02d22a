import { Command, Option } from 'clipanion';
import { invalidField, MitoError } from '@mitosis/domain';
import { splitList } from './option-values.js';
import { OutputCommand } from './output-command.js';
import { parseInteger } from './task-options.js';

const SLOTS_MAX = 1_024;

/** What `mito workers enroll` and `mito up --listen` let another machine run, by way of the join script. */
export class JoinCommand extends OutputCommand {
  static override paths = [['join']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'make this machine a worker of a coordinator',
    details:
      'The line that `mito workers enroll` prints fetches this program and runs this command; with the program ' +
      'installed, it can be typed as well. The enrolment code is read from MITO_ENROLL. The worker lives in ' +
      '~/.local/share/mitosis-worker (below XDG_DATA_HOME, where that is set) and keeps its identity there. Without ' +
      '--service and --background it runs in the foreground until Ctrl-C. The same line again changes its settings, ' +
      'and starts it when it does not run.',
    examples: [
      [
        'From now on, also after a reboot',
        '$0 join https://lab:5000 sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= --service',
      ],
      ['This machine is no longer a worker', '$0 join --remove'],
    ],
  });

  readonly coordinator = Option.String({ name: 'coordinator', required: false });
  readonly pin = Option.String({ name: 'pin', required: false });
  readonly slots = Option.String('--slots', { description: 'tasks at once; one for each core by default' });
  readonly tags = Option.Array('-t,--tags', [], {
    description: 'what this worker can do, besides the tags of the code',
  });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels to find it by, besides those of the code' });
  readonly service = Option.Boolean('--service', false, {
    description: 'run as a systemd unit: of the user, or of the system for root',
  });
  readonly background = Option.Boolean('--background', false, {
    description: 'run on after this command, until the next reboot',
  });
  readonly upgrade = Option.Boolean('--upgrade', false, {
    description: 'keep the settings of before, and start this version',
  });
  readonly remove = Option.Boolean('--remove', false, {
    description: 'stop the worker and remove all that was installed',
  });

  protected async run(): Promise<number> {
    const { JoinedWorker } = await import('../join/joined-worker.js');
    const worker = new JoinedWorker({
      env: this.context.env,
      script: process.argv[1] ?? '',
      note: (text) => this.note(text),
      signal: this.signal,
    });
    if (this.remove) {
      await worker.remove();
      this.print({ removed: worker.base }, () => `this machine is no longer a worker: ${worker.base} is removed`);
      return 0;
    }
    await worker.configure(await this.joinSettings(), this.upgrade);
    if (this.service) return this.told(await worker.startService());
    if (this.background) return this.told(await worker.startInBackground());
    return this.inForeground(worker.workerArgv);
  }

  private async joinSettings() {
    if (this.coordinator === undefined) throw invalidField('coordinator', 'name the address of the coordinator');
    if (this.service && this.background) throw invalidField('--background', '--service runs in the background, too');
    const { availableParallelism } = await import('node:os');
    const { checkAddress } = await import('@mitosis/domain');
    const slots = this.slots === undefined ? availableParallelism() : parseInteger(this.slots, '--slots');
    if (slots < 1 || slots > SLOTS_MAX) throw invalidField('--slots', `must be 1 to ${SLOTS_MAX}`);
    return {
      coordinator_addr: checkAddress(this.coordinator, 'coordinator'),
      ...(this.pin !== undefined && this.pin !== '-' && { pin: this.pin }),
      ...(this.context.env.MITO_ENROLL && { enroll: this.context.env.MITO_ENROLL }),
      slots,
      tags: splitList(this.tags, '--tags'),
      labels: splitList(this.labels, '--labels'),
    };
  }

  private told({ worker, how }: { readonly worker: string | undefined; readonly how: string }): number {
    this.print({ worker: worker ?? null, how }, () => how);
    return 0;
  }

  private async inForeground(argv: readonly string[]): Promise<number> {
    const { program } = this.context;
    if (!program) throw new MitoError('invalid', 'not_here', 'a worker can not run in the interactive mode');
    return program.execute(argv, {});
  }
}
