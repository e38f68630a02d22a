import type { AttemptView, TaskDetail } from '@mitosis/protocol';
import { bytes, count, duration, figure } from '../app/format.js';
import type { Fact } from './page.js';

type Need = TaskDetail['needs'][number];

function needText(need: Need): string {
  const { cpus, mem_bytes: mem, gpus, gpu_model: model, gpu_mem_bytes: gpuMem, disk_bytes: disk } = need;
  return [
    cpus !== undefined && count(cpus, 'core'),
    mem !== undefined && `${bytes(mem)} memory`,
    gpus !== undefined && `${figure(gpus)} ${model ?? ''} ${gpus === 1 ? 'GPU' : 'GPUs'}`.replace(/ +/, ' '),
    gpuMem !== undefined && `${bytes(gpuMem)} free on each GPU`,
    disk !== undefined && `${bytes(disk)} disk`,
    ...Object.entries(need.units ?? {}).map(([name, number]) => `${name}=${number}`),
    need.whole_machine === true && 'the whole machine',
  ]
    .filter((text) => text !== false)
    .join(', ');
}

/** What a task asks for of a machine: alternatives, of which one is enough. */
export function needsText(needs: readonly Need[]): string {
  return needs.map(needText).join(' or ');
}

/** `2 of at most 3`: how often something has happened, where it has a limit. */
const ofAtMost = (used: number, max: number): string => (used === 0 ? `at most ${max}` : `${used} of at most ${max}`);

/** How a task is run: what it asks for, what surrounds it, and what happens when it does not succeed. */
export function processFacts(task: TaskDetail): Fact[] {
  const { retry_exit_codes: codes, requeue_on: requeueOn, notify } = task;
  const warning = [
    task.warn_before_ms !== null && `${duration(task.warn_before_ms)} before the time limit`,
    task.warn_signal !== null && `by ${task.warn_signal}`,
  ].filter((text) => text !== false);
  return [
    ['Asks for', needsText(task.needs)],
    [
      'Retries',
      task.retries > 0 &&
        `${ofAtMost(Math.min(task.failures, task.retries), task.retries)}, ${duration(task.retry_delay_ms)} apart` +
          (codes.length > 0 ? `, after exit code ${codes.join(', ')}` : ''),
    ],
    [
      'Requeued on',
      requeueOn.length > 0 &&
        `${requeueOn.map((cause) => (typeof cause === 'number' ? `exit code ${cause}` : cause)).join(', ')}; ` +
          ofAtMost(task.requeues, task.requeues_max),
    ],
    ['Lost workers', task.losses > 0 && task.losses],
    ['Warned', warning.length > 0 && warning.join(', ')],
    ['Checkpoints', task.checkpoint_every_ms !== null && `every ${duration(task.checkpoint_every_ms)}`],
    [
      'Limits',
      Object.entries(task.limits)
        .map(([name, number]) => `${name}: at most ${number} at a time`)
        .join(', '),
    ],
    ['Environment built by', task.env_setup],
    ['Secrets', task.secrets?.join(', ')],
    ['Notifies', notifyText(notify)],
  ];
}

/** Who is told of what. */
export function notifyText(notify: TaskDetail['notify']): string | false {
  if (notify === null) return false;
  const stuck = notify.stuck_after_ms === undefined ? '' : ` (after ${duration(notify.stuck_after_ms)})`;
  return `${notify.to.join(', ')} when ${notify.on.map((on) => (on === 'stuck' ? `stuck${stuck}` : on)).join(', ')}`;
}

/** What an attempt used, beside what it was given. */
export function usedFacts({ assigned, wall_ms: wall, ...used }: AttemptView): Fact[] {
  const cpuMs = (used.user_cpu_ms ?? 0) + (used.system_cpu_ms ?? 0);
  const cores = used.user_cpu_ms !== null && wall !== null && wall > 0 ? cpuMs / wall : undefined;
  const share = (part: number, whole: number): string => `${Math.round((part / whole) * 100)} %`;
  const mem = assigned?.mem_bytes ?? null;
  const peak = used.peak_rss_bytes;
  return [
    ['Cores used', cores !== undefined && figure(Number(cores.toFixed(2))) + (assigned ? ` of ${assigned.cpus}` : '')],
    ['Peak memory', peak !== null && bytes(peak) + (mem === null ? '' : ` of ${bytes(mem)}, ${share(peak, mem)}`)],
    ['Memory given', peak === null && mem !== null && bytes(mem)],
    ['GPUs', assigned !== null && assigned.gpus.map(({ index, maker }) => `${maker} ${index}`).join(', ')],
    [
      'Other units',
      assigned !== null &&
        Object.entries(assigned.units)
          .map(([name, ids]) => `${name}: ${ids.join(', ')}`)
          .join('; '),
    ],
  ];
}
