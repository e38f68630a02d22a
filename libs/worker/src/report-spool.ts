import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readTaskFile } from '@mitosis/executor';
import { AttemptReport } from '@mitosis/protocol';

const SUFFIX = '.json';
const REFUSED = '.refused';
/** No report is larger: the coordinator takes no request of this size. */
const REPORT_BYTES = 64 * 1_048_576;

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

  /** Keeps a report that the coordinator refuses for good, for people: it is not delivered again. */
  async setAside(report: AttemptReport): Promise<void> {
    const file = this.fileOf(report);
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await writeFile(`${file}${REFUSED}`, JSON.stringify(report), { mode: 0o600 });
    await rm(file, { force: true });
  }

  /** What an earlier run of the worker could not deliver; files that are not reports are left out and named. */
  async load(): Promise<{ reports: AttemptReport[]; unreadable: string[] }> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.dir)).filter((name) => name.endsWith(SUFFIX));
    const results: { name: string; result: AttemptReport | undefined }[] = [];
    for (const name of names) results.push({ name, result: await readReport(path.join(this.dir, name)) });
    return {
      reports: results.flatMap(({ result }) => (result ? [result] : [])),
      unreadable: results.filter(({ result }) => !result).map(({ name }) => name),
    };
  }

  private fileOf({ task, attempt }: AttemptReport): string {
    return path.join(this.dir, `${task}-${attempt}${SUFFIX}`);
  }
}

async function readReport(file: string): Promise<AttemptReport | undefined> {
  try {
    const bytes = await readTaskFile(file, REPORT_BYTES);
    return AttemptReport.parse(JSON.parse(String(bytes)));
  } catch {
    // Named to the operator by whoever loads the spool.
    return undefined;
  }
}
