import type { UnaskedExit } from './managed-process.js';

/** What one run showed. */
export interface Verdict {
  readonly tasks: number;
  readonly completed: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly doubleCommits: number;
  readonly impossibleMoves: number;
  readonly failedCalls: number;
  readonly executions: number;
  readonly extraExecutions: number;
  readonly unexplained: number;
  readonly lateTried: number;
  readonly lateRefused: number;
  readonly lostAttempts: number;
  readonly requeueMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly checkedArtifacts: number;
  readonly queueDepthMax: number;
  readonly queueWindow: number;
  readonly leftovers: number;
  readonly workerExits: readonly UnaskedExit[];
  readonly coordinatorExits: readonly UnaskedExit[];
  /** Figures of one scenario only. */
  readonly more: Readonly<Record<string, string | number>>;
  /** What did not hold, in words; empty when everything did. */
  readonly violations: readonly string[];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** A run as lines of text. */
export function describeVerdict(verdict: Verdict): string {
  const { requeueMs, faultsByKind, more, violations } = verdict;
  const kinds = Object.entries(faultsByKind)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
  const requeue = requeueMs
    ? `p50 ${seconds(requeueMs.p50)}  p99 ${seconds(requeueMs.p99)}  max ${seconds(requeueMs.max)}`
    : 'none';
  const rows: [string, string][] = [
    ['tasks', `${verdict.tasks}, completed ${verdict.completed}`],
    ['faults injected', `${verdict.faults} (${kinds})`],
    [
      'lost',
      `${verdict.lost}; double commits ${verdict.doubleCommits}; ` +
        `impossible moves ${verdict.impossibleMoves}; failed calls ${verdict.failedCalls}`,
    ],
    [
      'executions',
      `${verdict.executions}, ${verdict.extraExecutions} beyond one per task, ` +
        `${verdict.unexplained} of them unexplained`,
    ],
    ['late reports', `${verdict.lateTried} tried, ${verdict.lateRefused} refused`],
    ['requeued', `${verdict.lostAttempts} lost attempts: ${requeue}`],
    ['artifacts checked', String(verdict.checkedArtifacts)],
    ['queue depth', `at most ${verdict.queueDepthMax}, window ${verdict.queueWindow}`],
    [
      'left running',
      `${verdict.leftovers}; exits nobody asked for: ` +
        `workers ${verdict.workerExits.length}, coordinators ${verdict.coordinatorExits.length}`,
    ],
    ...Object.entries(more).map(([name, value]): [string, string] => [name, String(value)]),
    ...violations.map((text): [string, string] => ['BROKEN', text]),
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(34)}${value}`).join('\n');
}
