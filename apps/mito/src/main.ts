import { runMain } from './run-main.js';

process.exitCode = await runMain(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
