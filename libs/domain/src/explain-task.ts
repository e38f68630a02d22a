import { tagsMatch, type Takes } from './tag-expression.js';

/** The facts about a worker that explain why a task does not run there. */
export interface WorkerSituation {
  readonly tags: readonly string[];
  readonly takes?: Takes;
  /** The task's group holds `write` on it. */
  readonly servesGroup: boolean;
  /** The only kind of task that it takes; null for any. */
  readonly onlyKind: 'wasm' | null;
  /** Its last heartbeat is too old to count on it. */
  readonly isSilent: boolean;
  readonly isDraining: boolean;
  /** It says itself that it can't work. */
  readonly isUnable: boolean;
  readonly slots: number;
  /** Attempts that it runs now. */
  readonly running: number;
  /** Whether its machine has what the task needs: now, once something has ended, or never. */
  readonly fits?: 'now' | 'later' | 'never';
}

/** `free`: it could take the task now. Otherwise the first thing that stands in the way. */
export type WorkerVerdict =
  | 'free'
  | 'full'
  /** Its machine could hold the task, and others hold too much of it now. */
  | 'room'
  | 'draining'
  | 'unable'
  | 'silent'
  /** Its machine could never hold the task. */
  | 'needs'
  | 'tags'
  | 'kind'
  | 'group';

/** Why a worker does not take a task, the last thing first that one would mend. */
export function explainWorker(
  task: { readonly tags: readonly string[]; readonly isProgram: boolean },
  worker: WorkerSituation,
): WorkerVerdict {
  if (!worker.servesGroup) return 'group';
  if (worker.onlyKind === 'wasm' && !task.isProgram) return 'kind';
  if (!tagsMatch(worker, task.tags)) return 'tags';
  if (worker.fits === 'never') return 'needs';
  if (worker.isSilent) return 'silent';
  if (worker.isDraining) return 'draining';
  if (worker.isUnable) return 'unable';
  if (worker.running >= worker.slots) return 'full';
  return worker.fits === 'later' ? 'room' : 'free';
}
