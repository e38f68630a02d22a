import { Command, Option } from 'clipanion';
import { jsonLine } from '../../../output/say.js';
import { writeOut } from '../../../output/write-out.js';
import { ApiCommand } from '../../api-command.js';

export class JobsExportCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'export'],
    ['jobs', 'export'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'print the file that describes a job',
    details: 'The file as "mito apply" read it last, byte for byte: it describes all the jobs that were in it.',
    examples: [['Continue with the file of a colleague', '$0 jobs export UUID > exp.toml']],
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const definition = await (await this.api()).experiments.definition(this.uuid);
    if (this.json) return this.line(jsonLine(definition));
    await writeOut(this.context.stdout, definition.text, this.signal);
  }
}
