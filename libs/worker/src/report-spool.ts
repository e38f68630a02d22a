import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AttemptReport } from '@mitosis/protocol';

const SUFFIX = '.json';

/** Reports that could not be delivered yet, one file each: they outlive the process. */
export class ReportSpool {
  constructor(private readonly dir: string) {}

  async add(report: AttemptReport): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const file = this.fileOf(report);
    await writeFile(`${file}.part`, JSON.stringify(report), { mode: 0o600, flush: true });
    await rename(`${file}.part`, file);
  }

  async remove(report: AttemptReport): Promise<void> {
    await rm(this.fileOf(report), { force: true });
  }

  /** What an earlier run of the worker could not deliver; files that are no report are left out and named. */
  async load(): Promise<{ reports: AttemptReport[]; unreadable: string[] }> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.dir)).filter((name) => name.endsWith(SUFFIX));
    const parsed = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(path.join(this.dir, name), 'utf8') })),
    );
    const results = parsed.map(({ name, text }) => ({ name, result: parseReport(text) }));
    return {
      reports: results.flatMap(({ result }) => (result ? [result] : [])),
      unreadable: results.filter(({ result }) => !result).map(({ name }) => name),
    };
  }

  private fileOf({ task, attempt }: AttemptReport): string {
    return path.join(this.dir, `${task}-${attempt}${SUFFIX}`);
  }
}

function parseReport(text: string): AttemptReport | undefined {
  try {
    return AttemptReport.parse(JSON.parse(text));
  } catch {
    // Named to the operator by whoever loads the spool.
    return undefined;
  }
}
