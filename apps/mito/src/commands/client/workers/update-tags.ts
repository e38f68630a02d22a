import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { replacementList } from '../../option-values.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersUpdateTagsCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'update-tags'],
    ['workers', 'update-tags'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'replace the tags of a worker' });

  readonly worker = Option.String({ name: 'worker' });
  readonly tags = Option.Rest({ name: 'tag' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const worker = await api.access.updateWorker(await workerUuid(api, this.worker), {
      tags: replacementList(this.tags, 'tag'),
    });
    this.print(worker, ({ uuid, tags }) => `${uuid} has ${tags.length === 0 ? 'no tags' : tags.join(', ')}`);
  }
}
