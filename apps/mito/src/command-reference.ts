import { commands } from './commands/index.js';
import { type CommandModel, commandModels } from './help/command-model.js';
import { createCli } from './run-main.js';

/** Every documented command as data, for the reference. */
export function commandReference(): CommandModel[] {
  return commandModels(createCli(false), commands);
}
