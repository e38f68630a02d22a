import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import { Option } from 'clipanion';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import { type Outcome, runBatch } from '../files/run-batch.js';
import { ApiCommand } from './api-command.js';
import { parseInteger } from './task-options.js';

/** Something that has been done with one file. */
export interface Done {
  readonly name: string;
  readonly [fact: string]: unknown;
}

/** A command that moves the bytes of one file. */
export abstract class TransferCommand extends ApiCommand {
  readonly pb = Option.Boolean('--pb', false, { description: 'show a progress bar' });

  /** Runs a transfer with `onBytes` moving a bar of `total` bytes, if one is wanted. */
  protected async withBar<T>(label: string, total: number, work: (onBytes: (bytes: number) => void) => Promise<T>): Promise<T> {
    const progress = this.pb ? await this.progress(label, total, { unit: 'bytes' }) : undefined;
    let done = 0;
    try {
      return await work((bytes) => progress?.update((done += bytes)));
    } finally {
      progress?.stop();
    }
  }

  protected async ownGroup(api: MitosisClient, group: string | undefined): Promise<string> {
    return group ?? (await api.identity()).username;
  }
}

/** A command that does the same with many files: a line for each, and 1 when one of them failed. */
export abstract class BatchCommand extends TransferCommand {
  readonly concurrency = Option.String('--concurrency,--concurrent', '1', { description: 'files at once, 1 to 64' });

  protected get filesAtOnce(): number {
    const count = parseInteger(this.concurrency, '--concurrency');
    if (count < 1 || count > 64) throw invalidField('--concurrency', 'use 1 to 64');
    return count;
  }

  protected async runAll<T>(items: Iterable<T> | AsyncIterable<T>, nameOf: (item: T) => string, work: (item: T) => Promise<Done>): Promise<number> {
    let failed = 0;
    for await (const outcome of runBatch(items, this.filesAtOnce, work)) {
      if ('error' in outcome) failed += 1;
      this.tell(nameOf(outcome.item), outcome);
    }
    return failed === 0 ? EXIT_OK : EXIT_FAILED;
  }

  private tell<T>(name: string, outcome: Outcome<T, Done>): void {
    if ('result' in outcome) return this.print(outcome.result, (done) => String(done.file ?? done.name));
    const { code, message } = outcome.error;
    if (this.json) this.line(JSON.stringify({ name, error: { code, message } }));
    else this.note(`mito: ${name}: ${message}`);
  }
}
