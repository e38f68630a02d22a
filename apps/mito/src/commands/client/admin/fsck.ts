import { Command, Option } from 'clipanion';
import { formatBytes } from '@mitosis/domain';
import type { StorageReport } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';

function describe(report: StorageReport): string {
  const { objects, bytes, pending } = report;
  const lines = [`${objects} objects, ${formatBytes(bytes)}; ${pending} uploads under way or to be collected`];
  for (const { key, size_bytes } of report.objects_without_rows)
    lines.push(`object without a row: ${key} (${size_bytes} bytes)`);
  for (const { key, size_bytes } of report.rows_without_objects)
    lines.push(`row without its object: ${key} (${size_bytes} bytes)`);
  if (report.unfinished_without_rows_count > 0)
    lines.push(`unfinished uploads without a row: ${report.unfinished_without_rows_count}`);
  for (const { group, used_bytes, stored_bytes, reserved_bytes, expected_reserved_bytes } of report.groups_miscounted) {
    lines.push(
      `miscounted: ${group} is charged ${used_bytes} + ${reserved_bytes} reserved, ` +
        `has ${stored_bytes} + ${expected_reserved_bytes}`,
    );
  }
  lines.push(
    report.is_clean ? 'clean' : report.is_repaired ? 'repaired' : 'not clean; --repair deletes, drops and corrects',
  );
  return lines.join('\n');
}

export class AdminFsckCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'fsck'],
    ['admin', 'fsck'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'compare the object store with the database',
    details:
      'Lists objects without rows and rows without objects, and ends with 1 when there are any. ' +
      'It may run while everything else does.',
  });

  readonly repair = Option.Boolean('--repair', false, {
    description: 'delete objects without rows, drop rows without objects, correct what groups are charged',
  });

  protected async run(): Promise<number> {
    const report = await (await this.api()).files.checkStorage(this.repair, { signal: this.signal });
    this.print(report, describe);
    return report.is_clean || report.is_repaired ? EXIT_OK : EXIT_FAILED;
  }
}
