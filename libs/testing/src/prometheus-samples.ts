import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installed } from './installed.js';

const run = promisify(execFile);

const PYTHON = '/usr/bin/python3';
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
  const python = await installPrometheusClient();
  const reading = run(python, ['-c', SCRIPT], { maxBuffer: 64 * 1024 * 1024 });
  reading.child.stdin?.end(text);
  return JSON.parse((await reading).stdout) as PrometheusSample[];
}

/** Path of a Python with the client of Prometheus, see {@link installed}. */
export async function installPrometheusClient(): Promise<string> {
  return installed({ what: 'the Prometheus client for Python', packages: ['python3-prometheus-client'], find });
}

/** A Python that has it. */
async function find(): Promise<string | undefined> {
  return run(PYTHON, ['-c', 'import prometheus_client']).then(
    () => PYTHON,
    () => undefined,
  );
}
