import { readFile } from 'node:fs/promises';
import type { Sandbox } from '../sandbox.js';
import { runProgram, type ProgramRun } from './run-program.js';

const FOLDER = new URL('../../../../workloads/dist/', import.meta.url);

/** The built program of a workload. */
export async function workloadProgram(name: string): Promise<Buffer> {
  return readFile(new URL(`${name}.wasm`, FOLDER)).catch((cause: unknown) => {
    throw new Error('the workloads are not built: run "node workloads/build.mjs"', { cause });
  });
}

/** The results of the subtasks as `reduce` takes them: each with its length before it, big-endian. */
export function frameResults(results: readonly Uint8Array[]): Buffer {
  const framed = results.flatMap((result) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(result.length);
    return [length, result];
  });
  return Buffer.concat(framed);
}

export interface WorkloadRun {
  readonly subtasks: readonly string[];
  readonly results: readonly Buffer[];
  readonly final: ProgramRun;
}

/** One workload in a sandbox, entry by entry. */
export class Workload {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly name: string,
    private readonly program: () => Promise<Buffer> = () => workloadProgram(name),
  ) {}

  async run(entry: string, params?: string, stdin?: Uint8Array): Promise<ProgramRun> {
    const args = [this.name, entry, ...(params === undefined ? [] : [params])];
    const request = { args, ...(stdin === undefined ? {} : { stdin }) };
    return runProgram(this.sandbox, await this.program(), request);
  }

  /** Splits, maps every subtask and reduces, as the platform does. Throws when a step fails. */
  async complete(params: object): Promise<WorkloadRun> {
    const split = this.#succeeded(await this.run('split', JSON.stringify(params)));
    const subtasks = split.stdout.toString().trimEnd().split('\n');
    const maps = await Promise.all(subtasks.map((line) => this.run('map', undefined, Buffer.from(line))));
    const results = maps.map((map) => this.#succeeded(map).stdout);
    const final = this.#succeeded(await this.run('reduce', undefined, frameResults(results)));
    return { subtasks, results, final };
  }

  #succeeded(run: ProgramRun): ProgramRun {
    if (run.result.exitCode === 0) return run;
    throw new Error(`${this.name}: ${JSON.stringify(run.result)} ${run.stderr.toString()}`);
  }
}
