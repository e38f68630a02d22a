import { Command, Option } from 'clipanion';
import { parseDuration } from '@mitosis/domain';
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
    description: 'print a code with which workers register without a password',
    details: 'The worker is started with: mito worker --enroll CODE, or with the code in MITO_ENROLL.',
    examples: [
      [
        'A code for ten workers of the group vision',
        '$0 client workers enroll --groups vision --tags gpu --uses 10 --expires 1h',
      ],
    ],
  });

  readonly groups = Option.Array('-g,--groups', { description: 'groups whose tasks run there; your own by default' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'tags of the workers' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels of the workers' });
  readonly uses = Option.String('--uses', '1', { description: 'how many workers may use it' });
  readonly expires = Option.String('--expires', '1h', { description: 'how long it can be used' });

  protected async run(): Promise<void> {
    const enrolment = await (
      await this.api()
    ).access.createEnrolment({
      ...(this.groups && { groups: splitList(this.groups, '--groups') }),
      tags: splitList(this.tags, '--tags'),
      labels: splitList(this.labels, '--labels'),
      uses: parseInteger(this.uses, '--uses'),
      expires_in_ms: parseDuration(this.expires, '--expires'),
    });
    this.printSecret(enrolment, enrolment.code);
  }
}
