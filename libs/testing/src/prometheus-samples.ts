import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { aptCommand, aptInstall } from './apt-install.js';

const run = promisify(execFile);

const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-prometheus-client'] as const;
const SCRIPT = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([{"name": s.name, "labels": s.labels, "value": s.value}
  for family in text_string_to_metric_families(sys.stdin.read()) for s in family.samples]))`;

/** One line of an exposition. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads an exposition with the parser of Prometheus' own client for Python. Throws when that finds a fault. */
export async function prometheusSamples(text: string): Promise<PrometheusSample[]> {
  if (!(await isInstalled()) && !(await aptInstall(PACKAGES))) {
    throw new Error(`these tests need the Prometheus client for Python; run: ${aptCommand(PACKAGES)}`);
  }
  const reading = run(PYTHON, ['-c', SCRIPT], { maxBuffer: 64 * 1024 * 1024 });
  reading.child.stdin?.end(text);
  return JSON.parse((await reading).stdout) as PrometheusSample[];
}

async function isInstalled(): Promise<boolean> {
  return await run(PYTHON, ['-c', 'import prometheus_client']).then(
    () => true,
    () => false,
  );
}
