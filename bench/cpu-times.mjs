import { readdirSync, readFileSync } from 'node:fs';

/** A clock tick of /proc in milliseconds; the kernel's interface has it at 100 a second (proc(5)). */
const TICK_MS = 10;

function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent] = fields;
    const [own, ofEndedChildren] = [fields[11] + fields[12], fields[13] + fields[14]].map((ticks) => ticks * TICK_MS);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parent, own, ofEndedChildren, command };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function nameOf(command) {
  if (/launcher\/main\.js/.test(command)) return 'launcher';
  if (/postgres: bullmq|postgres: \S*bullmq/.test(command)) return 'PostgreSQL, for the queues';
  if (/postgres/.test(command)) return 'PostgreSQL';
  if (/redis-server/.test(command)) return 'Redis';
  return /(?:main|mito)\.js (coordinator|worker)\b/.exec(command)?.[1] ?? 'others';
}

/** CPU time so far, in milliseconds, of all that `root` has started, by part of the system. Linux only. */
export function cpuTimes(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map(readProcess)
    .filter(Boolean);
  const times = new Map();
  const add = (name, ms) => times.set(name, (times.get(name) ?? 0) + ms);
  const visit = (pid) => {
    for (const one of all.filter(({ parent }) => parent === pid)) {
      const name = nameOf(one.command);
      add(name, one.own);
      if (name === 'launcher') add('the commands themselves', one.ofEndedChildren);
      visit(one.pid);
    }
  };
  visit(root);
  return times;
}
