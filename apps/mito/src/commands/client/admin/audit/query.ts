import { Command, Option } from 'clipanion';
import type { AuditView } from '@mitosis/protocol';
import { ApiCommand } from '../../../api-command.js';
import { givenList, givenText, timeOf } from '../../../option-values.js';
import { PAGE, parseWithin } from '../../../task-options.js';

export class AdminAuditQueryCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'audit', 'query'],
    ['admin', 'audit', 'query'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'list who did what, when and from where, newest first',
    examples: [['What alice was refused today', '$0 admin audit query --actor alice --outcome denied --since 24h']],
  });

  readonly actor = Option.String('-a,--actor', { description: 'by this user, or the worker with this uuid' });
  readonly actions = Option.Array('--action', [], { description: 'of these kinds, for example users.create' });
  readonly object = Option.String('--object', { description: 'whose object has this in its name' });
  readonly outcome = Option.String('--outcome', { description: 'done or denied' });
  readonly since = Option.String('--since', {
    description: 'only entries since then: 2h ago, yesterday, 14:30, 2026-11-28 (local time), ISO 8601',
  });
  readonly until = Option.String('--until', { description: 'only entries before then' });
  readonly limit = Option.String('--limit', '100', { description: 'at most this many' });
  readonly after = Option.String('--after', { description: 'older than the entry with this id' });

  protected async run(): Promise<void> {
    const filter = {
      actor: givenText(this.actor, '--actor'),
      object: givenText(this.object, '--object'),
      since: timeOf(this.since, '--since'),
      until: timeOf(this.until, '--until'),
      after: this.after,
      action: givenList(this.actions, '--action'),
      limit: parseWithin(this.limit, '--limit', PAGE),
    };
    const outcome = givenText(this.outcome, '--outcome');
    const { entries } = await (
      await this.api()
    ).access.audit({ ...filter, outcome: outcome as AuditView['outcome'] | undefined });
    const { AUDIT_LISTING } = await import('../../../../output/describe-access.js');
    await this.printList(entries, AUDIT_LISTING);
  }
}
