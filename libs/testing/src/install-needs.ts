import { chromium } from './chromium.js';
import { pgbouncerProgram } from './pgbouncer.js';
import { installPrometheusClient } from './prometheus-samples.js';
import { redisProgram } from './redis-program.js';
import { installS3 } from './s3-server.js';
import { uvProgram } from './uv-program.js';
import { wasiCompiler } from './wasi-compiler.js';

type Install = () => Promise<unknown>;

/** What the tests of each package need of the machine, by the last part of its name. */
const NEEDS: Readonly<Record<string, readonly Install[]>> = {
  'coordinator-app': [pgbouncerProgram, redisProgram, installS3, chromium, installPrometheusClient],
  e2e: [redisProgram, installS3, chromium, installPrometheusClient, uvProgram],
  database: [pgbouncerProgram],
  'object-store': [installS3],
  queue: [redisProgram],
  sandbox: [wasiCompiler],
  testing: [redisProgram, installS3],
};

/**
 * Installs what the tests of these packages need, before any of them starts: a package manager may take longer
 * than a test hook. Returns what could not be installed; the tests that need it say so again.
 */
export async function installNeeds(packages: readonly string[]): Promise<string[]> {
  const failures: string[] = [];
  for (const install of new Set(packages.flatMap((name) => NEEDS[name] ?? []))) {
    try {
      await install();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return failures;
}
