import type { SubmitTaskInput } from '@mitosis/protocol';
import { noteTask, type Load } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

/** What is meant to take a worker down, or to stay behind. */
function poisons(isFull: boolean): Readonly<Record<string, Partial<SubmitTaskInput> & { args: string[] }>> {
  const sh = (script: string): { args: string[] } => ({ args: ['sh', '-c', script] });
  const megabytes = isFull ? 1_024 : 64;
  return {
    'kills its parent': sh('kill -9 $PPID; sleep 1'),
    'kills its process group': sh('kill -9 0'),
    'dangling symlink in the results': sh('ln -s /nowhere/at/all "$MITO_RESULT_DIR/link"'),
    'FIFO in the results': sh('mkfifo "$MITO_RESULT_DIR/pipe"'),
    [`${megabytes} MB on stdout`]: sh(`head -c ${megabytes}M /dev/zero`),
    'ignores SIGTERM': { ...sh('trap "" TERM; while :; do sleep 1; done'), timeout_ms: 1_000 },
    'double-forked daemon': sh('(setsid sh -c "setsid sleep 600 >/dev/null 2>&1 &" &) ; exit 0'),
    'daemon without environment': sh('(setsid env -i sleep 600 >/dev/null 2>&1 &) ; exit 0'),
    '2 GB allocation': sh(`head -c ${isFull ? 2_048 : 512}M /dev/zero | tail | wc -c`),
    '10,000 files': sh('cd "$MITO_RESULT_DIR" && seq 10000 | xargs touch'),
    'no such program': { args: ['/no/such/program'] },
  };
}

/** Refused with a clear error, and nothing changes. */
const REFUSED: readonly string[][] = [
  ['echo', 'a\0b'],
  ['echo', 'x'.repeat(200_000)],
];

class PoisonRun {
  readonly uuids = new Map<string, string>();
  readonly notRefused: string[] = [];

  async submit(
    { api, marker, faults }: Site,
    name: string,
    task: Partial<SubmitTaskInput> & { args: string[] },
  ): Promise<void> {
    const [key = '', value = ''] = marker.split('=');
    const { uuid } = await api.submitTask({ ...task, name, env: { [key]: value } });
    this.uuids.set(uuid, name);
    faults.add(name, uuid);
  }

  async refuse({ api, faults }: Site): Promise<void> {
    for (const args of REFUSED) {
      const outcome = await api.submitTask({ args }).then(
        () => 'accepted',
        (error: Error & { kind?: string }) => error.kind,
      );
      if (outcome !== 'invalid')
        this.notRefused.push(`arguments of ${args.join(' ').length} bytes: ${String(outcome)}`);
      faults.add('refused at once', String(args.join(' ').length));
    }
  }

  /** How each ended, and those that needed more than three attempts. */
  async ends({ db }: Site): Promise<{ ends: Record<string, string>; tooMany: string[] }> {
    const { rows } = await db.query<{ id: string; state: string; reason: string | null; attempt: number }>(
      'SELECT id, state, reason, attempt FROM tasks WHERE id = ANY ($1)',
      [[...this.uuids.keys()]],
    );
    const nameOf = (id: string): string => this.uuids.get(id) ?? id;
    const ends = Object.fromEntries(
      rows.map(({ id, state, reason, attempt }) => [
        nameOf(id),
        `${state}${reason ? ` (${reason})` : ''}, ${attempt} attempts`,
      ]),
    );
    return {
      ends,
      tooMany: rows.filter(({ attempt }) => attempt > 3).map(({ id }) => `${nameOf(id)} took more than 3 attempts`),
    };
  }
}

/** Tasks that kill, flood, hang and hide among good ones. */
export const poison: Scenario = {
  id: 'F9',
  title: 'poison tasks among good ones',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, random, isFull, tasks = isFull ? 2_000 : 200 }) => {
    const all = Object.entries(poisons(isFull));
    const rounds = isFull ? 4 : 1;
    const queue = Array.from({ length: rounds }, () => all.toSorted(() => random.next() - 0.5)).flat();
    const run = new PoisonRun();
    const mayFail = new Set<string>();
    return underLoad({
      site: { backend, postgres, isVerbose, workers: 3, slots: 4 },
      tasks,
      minFaults: queue.length + REFUSED.length,
      everyMs: 500,
      make: (site, index) => noteTask(site, index),
      inject: async (site) => {
        const next = queue.shift();
        if (next) await run.submit(site, ...next);
        else if (site.faults.count < all.length * rounds + REFUSED.length) await run.refuse(site);
      },
      finish: async (_site: Site, load: Load) => {
        load.adopt([...run.uuids.keys()], []);
        for (const uuid of run.uuids.keys()) mayFail.add(uuid);
      },
      expect: async (site) => {
        const { ends, tooMany } = await run.ends(site);
        return { mayFail, more: ends, violations: [...tooMany, ...run.notRefused] };
      },
    });
  },
};
