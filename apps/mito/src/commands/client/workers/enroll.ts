import { Command, Option } from 'clipanion';
import { checkAddress, parseDuration } from '@mitosis/domain';
import { joinLine, joinPlace } from '../../../join/join-line.js';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';
import { parseInteger } from '../../task-options.js';

export class WorkersEnrollCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'enroll'],
    ['workers', 'enroll'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'print a line that makes other machines workers, or a code for it',
    details:
      'Paste the line into a shell on the other machine: it fetches the program from the coordinator, whose key it ' +
      'checks, and starts a worker there. Put options of `mito join` at its end: --service, for one. Where the ' +
      'coordinator is reached without TLS, and with --quiet, only the code is printed: start the worker with it in ' +
      'MITO_ENROLL.',
    examples: [
      [
        'A code for ten workers of the group vision',
        '$0 workers enroll --groups vision --tags gpu --uses 10 --expires 1h',
      ],
    ],
  });

  readonly groups = Option.Array('-g,--groups', { description: 'groups whose tasks run there; your own by default' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'tags of the workers' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels of the workers' });
  readonly uses = Option.String('--uses', '1', { description: 'how many workers may use it' });
  readonly expires = Option.String('--expires', '1h', { description: 'how long it can be used' });

  readonly address = Option.String('--address', {
    description: 'address of the coordinator for the other machines, when that is another one',
  });

  protected async run(): Promise<void> {
    const asked = this.address === undefined ? undefined : checkAddress(this.address, '--address');
    const enrolment = await (
      await this.api()
    ).access.createEnrolment({
      ...(this.groups && { groups: splitList(this.groups, '--groups') }),
      tags: splitList(this.tags, '--tags'),
      labels: splitList(this.labels, '--labels'),
      uses: parseInteger(this.uses, '--uses'),
      expires_in_ms: parseDuration(this.expires, '--expires'),
    });
    const settings = await this.settings();
    const used = { used: settings.coordinator_addr, usedPin: settings.pin };
    const place = this.quiet ? undefined : await joinPlace({ asked, said: enrolment, ...used });
    const line = place && joinLine({ ...place, code: enrolment.code });
    this.printSecret({ ...enrolment, ...(line !== undefined && { join: line }) }, line ?? enrolment.code);
  }
}
