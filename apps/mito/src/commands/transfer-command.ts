import { Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import { runBatch, type Done, type Outcome } from '../files/run-batch.js';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import { ApiCommand } from './api-command.js';
import { givenText } from './option-values.js';
import { parseInteger } from './task-options.js';

export const barOption = () =>
  Option.Boolean('--pb', false, {
    description: 'show progress also of what is small, and when this is not a terminal',
  });
export const concurrencyOption = () =>
  Option.String('--concurrency,--concurrent', '1', { description: 'files at once, 1 to 64' });

/** The same work with many files. */
export interface Batch<T> {
  readonly items: readonly T[];
  readonly nameOf: (item: T) => string;
  readonly work: (item: T) => Promise<Done>;
}

/** Works on `concurrency` files at once and tells of each as it is done; returns 1 when one of them failed. */
export async function runBatchOf<T>(
  { items, nameOf, work }: Batch<T>,
  concurrency: string,
  tell: (name: string, outcome: Outcome<T, Done>) => void,
): Promise<number> {
  const atOnce = parseInteger(concurrency, '--concurrency');
  if (atOnce < 1 || atOnce > 64) throw invalidField('--concurrency', 'use 1 to 64');
  let failed = 0;
  for await (const outcome of runBatch(items, atOnce, work)) {
    if ('error' in outcome) failed += 1;
    tell(nameOf(outcome.item), outcome);
  }
  return failed === 0 ? EXIT_OK : EXIT_FAILED;
}

/** A command that moves the bytes of files. */
export abstract class TransferCommand extends ApiCommand {
  readonly pb = barOption();

  protected override get isBarWanted(): boolean {
    return this.pb;
  }

  /** Uploads a file, or a folder packed, under a progress bar; what had to be left out or changed is said. */
  protected async uploadFrom<T>(
    place: string,
    isPacked: boolean,
    name: string,
    send: (file: string, onBytes: ((bytes: number) => void) | undefined) => Promise<T>,
  ): Promise<T> {
    const { withUploadable } = await import('../files/uploadable.js');
    return withUploadable(place, isPacked, async ({ file, sizeBytes, skipped }) => {
      for (const { path, why } of skipped) this.note(`left out or changed: ${path}: ${why}`);
      return this.withBar(name, sizeBytes, { unit: 'bytes' }, (bar) => send(file, bar?.add));
    });
  }

  protected async ownGroup(api: MitosisClient, group: string | undefined): Promise<string> {
    return givenText(group, '--group') ?? (await api.identity()).username;
  }
}

/** A command that does the same with many files: a line for each, and 1 when one of them failed. */
export abstract class BatchCommand extends TransferCommand {
  readonly concurrency = concurrencyOption();

  protected async runAll<T>(batch: Batch<T>): Promise<number> {
    return runBatchOf(batch, this.concurrency, (name, outcome) => this.printOutcome(name, outcome));
  }
}
