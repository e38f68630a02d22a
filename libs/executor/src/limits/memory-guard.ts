import { hostname } from 'node:os';
import { formatBytes } from '@mitosis/domain';
import { measureMemory } from './measure-memory.js';
import { MemoryGroup } from './memory-group.js';

/** Between two looks; denser than any task needs to take a gigabyte. */
const LOOK_MS = 100;

export interface GuardedProcess {
  /** All processes of the attempt that are known now. */
  pids(): number[];
}

let groups = 0;

/**
 * Keeps an attempt within its memory: by a control group where one can be made, else by watching. Whether it went past
 * its limit is judged by the counter of the group, or by what was measured twice in a row, never by an exit code.
 */
export class MemoryGuard {
  private readonly group: MemoryGroup | undefined;
  private timer: NodeJS.Timeout | undefined;
  private overs = 0;
  private peak = 0;
  private isOver = false;
  private isGrouped = false;

  constructor(private readonly limitBytes: number) {
    this.group = MemoryGroup.create(`${process.pid}-${(groups += 1)}`, limitBytes);
  }

  /** Starts the program so that it is bound from its first instruction on. */
  within(start: () => void): void {
    this.isGrouped = this.group?.within(start) ?? false;
    if (!this.isGrouped) start();
  }

  /** Calls back once, when the attempt has gone past its limit. */
  watch(process: GuardedProcess, onOver: (message: string) => void): void {
    this.timer = setInterval(() => {
      this.look(process);
      if (!this.isOver) return;
      clearInterval(this.timer);
      onOver(this.message);
    }, LOOK_MS);
  }

  /** The last word, when no process is left: whether it was too much after all, in words. */
  end(): string | undefined {
    clearInterval(this.timer);
    if (this.isGrouped && (this.group?.kills ?? 0) > 0) this.isOver = true;
    this.group?.remove();
    return this.isOver ? this.message : undefined;
  }

  /** The most that all of its processes were seen to have together. */
  get peakBytes(): number {
    return this.peak;
  }

  private look(process: GuardedProcess): void {
    if (this.group && this.isGrouped) {
      this.peak = Math.max(this.peak, this.group.usedBytes);
      this.isOver = this.group.kills > 0;
      return;
    }
    const bytes = measureMemory(process.pids(), this.limitBytes);
    this.peak = Math.max(this.peak, bytes);
    this.overs = bytes > this.limitBytes ? this.overs + 1 : 0;
    this.isOver = this.overs >= 2;
  }

  private get message(): string {
    const how = this.isGrouped ? '' : ', seen by watching';
    const peak = Math.max(this.peak, this.isGrouped ? this.limitBytes : 0);
    return (
      `It used more memory than its limit of ${formatBytes(this.limitBytes)} ` +
      `(peak ${formatBytes(peak)}${how}) on ${hostname()}. Ask for more with --mem`
    );
  }
}
