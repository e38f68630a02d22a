import { Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import type { ArtifactKind } from '@mitosis/protocol';
import { TaskFilterCommand } from './task-filter-command.js';
import { barOption, concurrencyOption, runBatchOf, type Batch } from './transfer-command.js';

/** An artifact of a task that a filter has found. */
export interface FoundArtifact {
  readonly uuid: string;
  readonly sizeBytes: number;
}

/** A command about one kind of artifact of all tasks that a filter finds. */
export abstract class ArtifactFilterCommand extends TaskFilterCommand {
  readonly kind = Option.String({ name: 'kind' });
  readonly pb = barOption();
  readonly concurrency = concurrencyOption();

  protected override get isBarWanted(): boolean {
    return this.pb;
  }

  /** Those of the tasks found that have one. */
  protected async artifacts(api: MitosisClient, kind: ArtifactKind): Promise<FoundArtifact[]> {
    const found: FoundArtifact[] = [];
    for await (const { uuid, artifacts } of api.tasks({ ...this.filter(), ...this.range() })) {
      const artifact = artifacts.find((one) => one.kind === kind);
      if (artifact) found.push({ uuid, sizeBytes: artifact.size_bytes });
    }
    return found;
  }

  protected async runAll<T>(batch: Batch<T>): Promise<number> {
    return runBatchOf(batch, this.concurrency, (name, outcome) => this.printOutcome(name, outcome));
  }
}
