#!/usr/bin/env -S node --
import module from 'node:module';
import { runMain } from './run-main.js';

// From Node.js 22.8 on: what was compiled once is not compiled again at the next start.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
const { env, stdin, stdout, stderr } = process;
process.exitCode = await runMain(process.argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  colorDepth: stdout.getColorDepth?.() ?? 1,
});
