import { Cli, type CommandClass } from 'clipanion';
import type { MitoContext } from './mito-context.js';

/** A parser of this command: one of all commands takes long to prepare. */
export function createCli(enableColors: boolean, command: CommandClass<MitoContext>): Cli<MitoContext> {
  const cli = new Cli<MitoContext>({ binaryLabel: 'Mitosis', binaryName: 'mito', enableColors });
  cli.register(command);
  return cli;
}
