import { Option } from 'clipanion';
import type { MitosisClient, RerunChanges } from '@mitosis/client';
import { parseEnv } from '@mitosis/experiment';
import { ApiCommand } from './api-command.js';
import { confirmLarge } from './confirm-large.js';
import { yesOption } from './many-options.js';
import { splitList } from './option-values.js';
import { parseEnvSetup, parseTimeout, parseWithin, PRIORITY, RETRIES, splitPairs } from './task-options.js';

/** What can be changed when something is submitted again. */
export abstract class RerunCommand extends ApiCommand {
  readonly uuid = Option.String({ name: 'uuid' });
  readonly env = Option.Array('-e,--env', [], { description: 'NAME=VALUE, added to its own variables (repeatable)' });
  readonly tags = Option.Array('-t,--tags', { description: 'tags a worker must have, instead of its own' });
  readonly labels = Option.Array('-l,--labels', { description: 'labels, instead of its own' });
  readonly secrets = Option.Array('--secret', { description: 'secrets of the group, instead of its own' });
  readonly name = Option.String('--name', { description: 'name for people' });
  readonly priority = Option.String('-p,--priority', { description: 'higher first, -1000 to 1000' });
  readonly timeout = Option.String('--timeout', { description: 'time limit of each attempt; "none" removes it' });
  readonly retries = Option.String('--retries', { description: 'tries after a failure' });
  readonly cwd = Option.String('--cwd', { description: 'folder to start in, below its scratch folder' });
  readonly workdir = Option.String('-C,--workdir', { description: 'folder of code to start in, instead of its own' });
  readonly envSetup = Option.String('--env-setup', { description: 'environment, instead of its own' });
  readonly yes = yesOption();

  protected async changes(api: MitosisClient, group: string): Promise<RerunChanges> {
    const { tags, labels, secrets, name, priority, timeout, retries, cwd, envSetup } = this;
    return {
      ...(this.env.length > 0 && { env: parseEnv(this.env.flatMap(splitPairs)) }),
      ...(tags && { tags: splitList(tags, '--tags') }),
      ...(labels && { labels: splitList(labels, '--labels') }),
      ...(secrets && { secrets: splitList(secrets, '--secret') }),
      ...(name !== undefined && { name }),
      ...(priority !== undefined && { priority: parseWithin(priority, '--priority', PRIORITY) }),
      ...(timeout !== undefined && { timeout_ms: parseTimeout(timeout) }),
      ...(retries !== undefined && { retries: parseWithin(retries, '--retries', RETRIES) }),
      ...(cwd !== undefined && { cwd }),
      ...(envSetup !== undefined && { env_setup: parseEnvSetup(envSetup) }),
      ...(await this.code(api, group)),
    };
  }

  private async code(api: MitosisClient, group: string): Promise<RerunChanges> {
    if (this.workdir === undefined) return {};
    const { sendWorkdir } = await import('../workdir/send-workdir.js');
    const note = (text: string): void => (this.quiet || this.json ? undefined : this.note(text));
    const confirm = (what: string, largest: readonly string[]): Promise<boolean> => confirmLarge(this, what, largest);
    return {
      code: await sendWorkdir(api, {
        dir: this.workdir,
        ...(this.envSetup !== undefined && { envSetups: [this.envSetup] }),
        group,
        note,
        confirm,
      }),
    };
  }
}
