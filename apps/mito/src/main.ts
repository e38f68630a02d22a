import { runMain } from './run-main.js';

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runMain(process.argv.slice(2), { env, stdin, stdout, stderr, colorDepth: stdout.getColorDepth?.() ?? 1 });
