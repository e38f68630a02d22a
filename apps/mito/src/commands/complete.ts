import { Option } from 'clipanion';
import { ApiCommand } from './api-command.js';

/** What the completion scripts call, with everything that was typed so far; the last word is the begun one. */
export class CompleteCommand extends ApiCommand {
  static override paths = [['__complete']];

  readonly words = Option.Rest();

  protected async run(): Promise<void> {
    const { complete } = await import('../completion/complete.js');
    const { lookupWith } = await import('../completion/lookup.js');
    const commands = this.context.program?.commands ?? [];
    const lookup = lookupWith(() => this.api());
    const candidates = await complete(commands, this.words.slice(0, -1), this.words.at(-1) ?? '', lookup);
    for (const candidate of candidates) this.line(candidate);
  }
}
