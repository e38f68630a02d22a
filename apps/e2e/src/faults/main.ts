// npm run faults [-- F1 F4 …] [--full] [--backend redis] [--tasks N] [--seed N] [--json] [--verbose]
import { parseArgs } from 'node:util';
import { BACKENDS, type Backend } from '../harness/stack.js';
import { PostgresControl } from './postgres-control.js';
import { Random } from './random.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { UndoStack } from './undo-stack.js';
import { describeVerdict, type Verdict } from './verdict.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    backend: { type: 'string' },
    tasks: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const isFull = values.full;
const tasks = values.tasks === undefined ? undefined : Number(values.tasks);

function selected(): readonly Scenario[] {
  const unknown = positionals.filter((id) => !scenarios.some((scenario) => scenario.id === id.toUpperCase()));
  if (unknown.length > 0)
    throw new Error(`no scenario ${unknown.join(', ')}; there are ${scenarios.map(({ id }) => id).join(' ')}`);
  const wanted = new Set(positionals.map((id) => id.toUpperCase()));
  return scenarios.filter(({ id }) => wanted.size === 0 || wanted.has(id));
}

function backendsOf({ backends }: Scenario): readonly Backend[] {
  if (values.backend === undefined) return isFull ? backends.full : backends.short;
  return BACKENDS.filter((backend) => backend === values.backend);
}

/** `late`: nothing was lost or done twice, but something took longer than promised, or the run broke off. */
type Outcome = 'held' | 'late' | 'broken';

function outcomeOf(verdict: Verdict | undefined): Outcome {
  if (verdict === undefined) return 'late';
  if (verdict.violations.length === 0) return 'held';
  const { lost, doubleCommits, impossibleMoves, unexplained } = verdict;
  return lost + doubleCommits + impossibleMoves + unexplained > 0 ? 'broken' : 'late';
}

/** Prints how the run went, and returns it. */
async function runOne(scenario: Scenario, backend: Backend, postgres: PostgresControl): Promise<Outcome> {
  const title = `${scenario.id} ${scenario.title} [${backend}, seed ${seed}]`;
  const since = performance.now();
  const limit = endWhenItHangs(title);
  let verdict: Verdict | undefined;
  let failure: unknown;
  try {
    verdict = await scenario.run({
      backend,
      postgres,
      isFull,
      tasks,
      isVerbose: values.verbose,
      random: new Random(seed),
    });
  } catch (error) {
    failure = error;
  }
  clearTimeout(limit);
  const tookS = Math.round((performance.now() - since) / 100) / 10;
  const outcome = outcomeOf(verdict);
  const hasHeld = outcome === 'held';
  if (values.json)
    console.log(
      JSON.stringify({
        id: scenario.id,
        backend,
        seed,
        took_s: tookS,
        held: hasHeld,
        verdict,
        error: failure && String(failure),
      }),
    );
  else
    console.log(
      `${title}\n${verdict ? describeVerdict(verdict) : brokeOff(failure)}\n` +
        `  ${hasHeld ? 'held' : 'BROKEN'} after ${tookS} s\n`,
    );
  return outcome;
}

function brokeOff(failure: unknown): string {
  return `  BROKE OFF        ${failure instanceof Error ? failure.stack : String(failure)}`;
}

/** A run that takes longer hangs, and keeps nobody waiting for the rest. */
const RUN_LIMIT_MS = (isFull ? 90 : 10) * 60_000;

function endWhenItHangs(title: string): NodeJS.Timeout {
  return setTimeout(() => {
    console.log(`${title}: did not end within ${RUN_LIMIT_MS / 60_000} minutes`);
    process.exit(1);
  }, RUN_LIMIT_MS);
}

const scope = new UndoStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The processes of the run end with their connection to us, PostgreSQL and Redis with their guards.
  process.once(signal, () => process.exit(130));
}
let broken = 0;
let ran = 0;
try {
  const chosen = selected();
  const postgres = await PostgresControl.start(scope);
  for (const scenario of chosen) {
    for (const backend of backendsOf(scenario)) {
      ran += 1;
      let outcome = await runOne(scenario, backend, postgres);
      // Times depend on what else the machine does: what was only late gets a second run, and both are printed.
      if (outcome === 'late') outcome = await runOne(scenario, backend, postgres);
      if (outcome !== 'held') broken += 1;
    }
  }
} finally {
  await scope.undo();
}
if (!values.json)
  console.log(
    `${ran - broken} of ${ran} runs held; again with: npm run faults -- --seed ${seed}${isFull ? ' --full' : ''}`,
  );
// What a run that broke off has left waiting keeps nobody waiting.
process.exit(broken === 0 && ran > 0 ? 0 : 1);
