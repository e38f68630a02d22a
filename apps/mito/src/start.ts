import { runMain } from './run-main.js';

/** Runs the command line of this process; its exit code becomes the one of the process. */
export async function start(): Promise<void> {
  const { env, stdin, stdout, stderr } = process;
  process.exitCode = await runMain(process.argv.slice(2), {
    env,
    stdin,
    stdout,
    stderr,
    colorDepth: stdout.getColorDepth?.() ?? 1,
  });
}
