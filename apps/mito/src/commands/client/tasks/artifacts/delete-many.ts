import { Command } from 'clipanion';
import { counted, formatBytes } from '@mitosis/domain';
import { EXIT_FAILED, EXIT_OK } from '../../../../output/exit-codes.js';
import { ArtifactFilterCommand, type FoundArtifact } from '../../../artifact-filter-command.js';
import {
  allOption,
  assertSelected,
  dryRunOption,
  isConfirmed,
  planLines,
  yesOption,
  type ManyPlan,
} from '../../../many-options.js';

export class TasksArtifactsDeleteManyCommand extends ArtifactFilterCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'delete-many'],
    ['tasks', 'artifacts', 'delete-many'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'delete one kind of artifact of all tasks that a filter finds',
    details:
      'At a terminal you are shown how many there are and asked; --yes does not ask. ' +
      '--dry-run only says which ones. --all, instead of a filter, means those of every task that you may see.',
    examples: [
      ['The working folders of what went well', '$0 tasks artifacts delete-many exec-log -g vision -s completed'],
    ],
  });

  readonly all = allOption('those of every task that you may see');
  readonly yes = yesOption();
  readonly dryRun = dryRunOption();

  protected async run(): Promise<number> {
    const { deleteArtifact, parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    assertSelected(this, this.isFiltered, { what: 'those of every task that you may see' });
    const api = await this.api();
    const items = await this.artifacts(api, kind);
    if (this.dryRun) {
      const uuids = items.map(({ uuid }) => uuid);
      this.print({ dry_run: true, kind, uuids }, () => planLines(planOf(kind, items), true).join('\n'));
      return EXIT_OK;
    }
    if (!(await isConfirmed(this, planOf(kind, items)))) return EXIT_FAILED;
    return this.withBar('deleting', items.length, {}, (bar) =>
      this.runAll({
        items,
        nameOf: ({ uuid }) => uuid,
        work: async ({ uuid }) => deleteArtifact(api, uuid, kind).finally(() => bar?.add(1)),
      }),
    );
  }
}

function planOf(kind: string, items: readonly FoundArtifact[]): ManyPlan {
  const bytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    verb: 'delete',
    what: `the artifact ${kind} of ${counted(items.length, 'task')} (${formatBytes(bytes)})`,
    count: items.length,
    sample: items.map(({ uuid }) => uuid),
  };
}
