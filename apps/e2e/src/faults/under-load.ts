import { setTimeout as delay } from 'node:timers/promises';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { checkRun, type Expectations } from './check.js';
import { Load, noteTask } from './load.js';
import { Progress } from './progress.js';
import { QueueDepth } from './queue-depth.js';
import { Site, type SiteOptions } from './site.js';
import type { Verdict } from './verdict.js';

export interface UnderLoad {
  readonly site: SiteOptions;
  readonly tasks: number;
  readonly minFaults: number;
  /** Between two faults. */
  readonly everyMs: number;
  /** Tasks that may be open at a time; all of them when not given. */
  readonly openMax?: number;
  make?(site: Site, index: number): SubmitTaskInput;
  /** How long one of the usual tasks takes; 50 ms when not given. */
  runMs?(index: number): number;
  /** Before the first task is submitted. */
  begin?(site: Site): Promise<void>;
  /** Breaks something, writes it down, and mends it. */
  inject(site: Site, load: Load): Promise<void>;
  /** When the load has ended and everything is mended. */
  finish?(site: Site, load: Load): Promise<void>;
  /** After the last task has ended. */
  expect?(site: Site, load: Load): Promise<Expectations>;
}

/** A run that takes longer than this is broken: tasks that are open by then count as lost. */
const PATIENCE_MS = 120_000;
const PATIENCE_PER_TASK_MS = 100;

/** Breaks something again and again until all tasks have ended, then looks at what has become of them. */
export async function underLoad(plan: UnderLoad): Promise<Verdict> {
  const site = await Site.open(plan.site);
  const depth = new QueueDepth(site);
  const progress = plan.site.isVerbose ? new Progress(site) : undefined;
  try {
    const {
      tasks,
      minFaults,
      openMax = Math.max(tasks, 200),
      runMs = () => 50,
      make = (place, index) => noteTask(place, index, runMs(index)),
    } = plan;
    const patienceMs = PATIENCE_MS + tasks * PATIENCE_PER_TASK_MS;
    const load = new Load(site, { tasks, minFaults, openMax, patienceMs, make: (index) => make(site, index) });
    await plan.begin?.(site);
    depth.start();
    progress?.start();
    const isOver = new AbortController();
    const breaking = breakThings(plan, site, load, isOver.signal);
    await Promise.race([load.run(), breaking]);
    isOver.abort();
    await breaking;
    await plan.finish?.(site, load);
    await load.settle();
    depth.stop();
    return await checkRun(site, load, depth, await plan.expect?.(site, load));
  } finally {
    depth.stop();
    progress?.stop();
    await site.close();
  }
}

/** Resolves when `isOver` fires and everything is mended; throws when something can't be. */
async function breakThings({ everyMs, inject }: UnderLoad, site: Site, load: Load, isOver: AbortSignal): Promise<void> {
  while (!isOver.aborted) {
    await delay(everyMs, undefined, { signal: isOver }).catch(() => undefined);
    if (!isOver.aborted && !load.isInTail) await inject(site, load);
  }
}
