import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const HISTORY_LINES = 1000;

/** Lines with a password in them are not kept. */
const SECRET =
  /(^|\s)(-p|--password)([=\s]|$)|\blogin\s+[^-\s]\S*\s+[^-\s]|change-password\s+\S|users\s+create\s+\S+\s+[^-\s]/;

/** True for a command line with a password in it. */
export const hasSecret = (line: string): boolean => SECRET.test(line);

/** The lines that were typed, the latest first, in a file of mode 0600. */
export class HistoryFile {
  private lines: string[] = [];

  constructor(private readonly file: string) {}

  async load(): Promise<void> {
    // lossy: an old line that can't be read keeps nobody from working
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    this.lines = text.split('\n').filter(Boolean).toReversed().slice(0, HISTORY_LINES);
  }

  get latestFirst(): string[] {
    return [...this.lines];
  }

  async add(line: string): Promise<void> {
    if (hasSecret(line)) return;
    this.lines = [line, ...this.lines.filter((known) => known !== line)].slice(0, HISTORY_LINES);
    await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const draft = `${this.file}.${process.pid}.new`;
    await writeFile(draft, `${this.lines.toReversed().join('\n')}\n`, { mode: 0o600 });
    await rename(draft, this.file);
  }
}
