import { Command } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkersEnrolmentsCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'enrolments'],
    ['workers', 'enrolments'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'list your enrolment codes that can still be used',
  });

  protected async run(): Promise<void> {
    const enrolments = await (await this.api()).access.enrolments();
    const { ENROLMENT_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(enrolments, ENROLMENT_LISTING);
  }
}
