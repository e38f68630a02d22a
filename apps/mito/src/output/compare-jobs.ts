import { metricNumber, ownValue } from '@mitosis/domain';
import type { JobResult } from '@mitosis/protocol';
import { cellText, lastValues, namesOf } from './result-table.js';

/** Tasks of two jobs with the same parameters; one of them may be missing. */
export interface ComparedTasks {
  readonly params: JobResult['params'];
  readonly tasks: readonly [JobResult | undefined, JobResult | undefined];
}

/** Names both jobs' tasks by their parameters; tasks that have none by their place in the job. */
function keyOf({ params, index }: JobResult): string {
  const given = Object.entries(params).map(([name, value]) => [name, String(value)]);
  return JSON.stringify(given.length === 0 ? index : given.sort());
}

/**
 * Pairs the tasks of two jobs, in the order of the first one. Of tasks with equal parameters the nth belong together.
 */
export function pairTasks(first: readonly JobResult[], second: readonly JobResult[]): ComparedTasks[] {
  const waiting = new Map<string, JobResult[]>();
  for (const task of second) waiting.set(keyOf(task), [...(waiting.get(keyOf(task)) ?? []), task]);
  const pairs = first.map((task): ComparedTasks => ({
    params: task.params,
    tasks: [task, waiting.get(keyOf(task))?.shift()],
  }));
  const left = [...waiting.values()].flat().sort((a, b) => a.index - b.index);
  return [...pairs, ...left.map((task): ComparedTasks => ({ params: task.params, tasks: [undefined, task] }))];
}

/** How far the second value is above the first one; nothing where one of them is not a finite number. */
function difference(first: unknown, second: unknown): string {
  const [a, b] = [metricNumber(first), metricNumber(second)];
  if (a === undefined || b === undefined || !Number.isFinite(b - a)) return '';
  return String(Number((b - a).toPrecision(6)));
}

/** A row for each pair: parameters, states, and of each metric both last values and their difference. */
export function compareJobs(first: readonly JobResult[], second: readonly JobResult[]) {
  const pairs = pairTasks(first, second);
  const params = namesOf(pairs.map((pair) => pair.params));
  const metrics = namesOf(pairs.flatMap(({ tasks }) => tasks.map(lastValues))).filter((name) => name !== 'step');
  const head = [
    ...['task A', 'task B'],
    ...params,
    ...['state A', 'state B'],
    ...metrics.flatMap((name) => [`${name} A`, `${name} B`, `${name} B-A`]),
  ];
  const rows = pairs.map(({ params: given, tasks: [a, b] }) => {
    const [ofA, ofB] = [lastValues(a), lastValues(b)];
    return [
      ...[cellText(a?.index), cellText(b?.index)],
      ...params.map((name) => cellText(ownValue(given, name))),
      ...[cellText(a?.state), cellText(b?.state)],
      ...metrics.flatMap((name) => {
        const [left, right] = [ownValue(ofA, name), ownValue(ofB, name)];
        return [cellText(left), cellText(right), difference(left, right)];
      }),
    ];
  });
  return { head, rows };
}
