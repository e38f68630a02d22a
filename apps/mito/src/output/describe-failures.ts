import type { JobFailures } from '@mitosis/protocol';
import type { Paint } from './paint.js';

/** Tasks that failed in the same way: how many, where, their last lines, and some of them by UUID. */
export function describeFailures(
  { count, why, lines, hosts, tasks }: JobFailures['groups'][number],
  paint: Paint,
): string {
  const where = hosts.map((host) => (hosts.length === 1 ? host.hostname : `${host.hostname} (${host.count})`));
  const on = where.length === 0 ? '' : ` on ${where.join(', ')}`;
  const printed = lines.length === 0 ? [paint.dim('  it printed nothing')] : lines.map((line) => `  ${line}`);
  const more = count > tasks.length ? [paint.dim(`  and ${count - tasks.length} more`)] : [];
  return [
    `${paint.bold(`${count} × ${why}`)}${on}`,
    ...printed,
    ...tasks.map((task) => paint.dim(`  mito tasks logs ${task}`)),
    ...more,
  ].join('\n');
}
