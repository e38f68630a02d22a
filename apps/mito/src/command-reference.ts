import { COMMANDS } from './command-index.js';
import { commandModel, type CommandModel } from './help/command-model.js';

/** Every documented command as data, for the reference. */
export async function commandReference(): Promise<CommandModel[]> {
  const models = await Promise.all(COMMANDS.map(commandModel));
  return models.filter((model) => model !== undefined);
}
