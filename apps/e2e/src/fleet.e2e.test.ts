import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { eventually, fileScope, prometheusSamples, tempDir } from '@mitosis/testing';
import { startFleet, type Fleet } from './harness/fleet.js';
import { BACKENDS, type Backend } from './harness/stack.js';

const run = promisify(execFile);
const file = fileScope(test);
const fleets = new Map<Backend, Fleet>();
/** Two fleets at once would be too many for a small machine. */
const takenDown = new Map<Backend, () => Promise<void>>();
const fleetOf = (backend: Backend): Fleet => fleets.get(backend) as Fleet;

function apisOf({ coordinators: [first, second] }: Fleet) {
  if (!first || !second) throw new Error('there are not two coordinators');
  return { first, second };
}

for (const backend of BACKENDS) {
  test.serial(`${backend}: a fleet comes up on six machines, the workers by a code`, async (t) => {
    t.timeout(180_000);
    const steps: (() => void | Promise<void>)[] = [];
    takenDown.set(backend, async () => {
      for (const step of steps.splice(0).reverse()) await step();
    });
    file.teardown(takenDown.get(backend) ?? (() => {}));
    fleets.set(backend, await startFleet({ teardown: (step) => void steps.push(step) }, backend));
    t.pass();
  });

  test.serial(
    `${backend}: tasks run on all workers, whichever coordinator was asked; products go by way of S3`,
    async (t) => {
      t.timeout(120_000);
      const { first, second } = apisOf(fleetOf(backend));
      const script = 'sleep 0.5; echo "made by $MITO_TASK_UUID" > "$MITO_RESULT_DIR/made.txt"';
      const tasks = Array.from({ length: 24 }, () => ({ args: ['sh', '-c', script] }));
      const receipts = await first.api.submitTasks(tasks);
      const ended = await second.api.waitTasks(receipts.map(({ uuid }) => uuid));
      t.deepEqual([...new Set(ended.map(({ state }) => state))], ['completed']);
      const views = await Promise.all(receipts.map(({ uuid }) => second.api.getTask(uuid)));
      t.is(new Set(views.map(({ worker }) => worker)).size, 4, 'every worker had some');
      const [one] = receipts;
      const archive = path.join(await tempDir(t), 'result.tar.gz');
      await second.api.downloadArtifact(await second.api.artifact(one?.uuid ?? '', 'result'), archive);
      t.is((await run('tar', ['-xzOf', archive])).stdout, `made by ${one?.uuid}\n`);
    },
  );

  test.serial(`${backend}: output is followed and a task cancelled through the other coordinator`, async (t) => {
    t.timeout(60_000);
    const { first, second } = apisOf(fleetOf(backend));
    const { uuid } = await first.api.submitTask({ args: ['sh', '-c', 'echo begun; sleep 300'] });
    for await (const item of second.api.followOutput(uuid)) {
      t.truthy(item);
      break;
    }
    await second.api.cancelTask(uuid);
    const [ended] = await first.api.waitTasks([uuid]);
    t.is(ended?.state, 'cancelled');
  });

  test.serial(`${backend}: a worker whose cable is pulled loses its task to another, and comes back`, async (t) => {
    t.timeout(120_000);
    const fleet = fleetOf(backend);
    const { first } = apisOf(fleet);
    const { uuid } = await first.api.submitTask({
      args: ['sh', '-c', '[ "$MITO_TASK_ATTEMPT" = 1 ] && sleep 300; echo again'],
    });
    const task = await eventually(
      async () => {
        const view = await first.api.getTask(uuid);
        return view.state === 'running' && view.worker !== null ? view : undefined;
      },
      { message: 'the task did not start' },
    );
    const victim = fleet.workers.find(({ process }) => process.stderr.includes(task.worker ?? 'nobody'));
    await victim?.host.cut();
    const [ended] = await first.api.waitTasks([uuid]);
    await victim?.host.mend();
    t.is(ended?.state, 'completed');
    const after = await first.api.getTask(uuid);
    t.is(after.attempt, 2);
    t.not(after.worker, task.worker);
    await eventually(async () => (await first.api.metrics()).workers.every(({ health }) => health === 'ok'), {
      timeoutMs: 30_000,
      message: 'the worker did not come back',
    });
  });

  test.serial(`${backend}: each worker shows its metrics, and strangers get nothing from Redis`, async (t) => {
    const { workers, redisPort } = fleetOf(backend);
    const attempts = await Promise.all(
      workers.map(async ({ metricsUrl }) => {
        const samples = await prometheusSamples(await (await fetch(metricsUrl)).text());
        t.is(samples.find(({ name }) => name === 'mitosis_worker_process_slots')?.value, 2);
        return samples
          .filter(({ name }) => name === 'mitosis_worker_attempts_total')
          .reduce((sum, { value }) => sum + value, 0);
      }),
    );
    t.true(attempts.reduce((sum, count) => sum + count, 0) >= 26, String(attempts));
    if (redisPort === undefined) return;
    const socket = connect(redisPort, '127.0.0.1');
    t.teardown(() => void socket.destroy());
    socket.write('KEYS *\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    t.regex(String(answer), /^-NOAUTH/);
  });

  test.serial(`${backend}: one coordinator is killed, the other continues with its workers`, async (t) => {
    t.timeout(120_000);
    const { first, second } = apisOf(fleetOf(backend));
    await first.process.stop('SIGKILL');
    const receipts = await second.api.submitTasks(Array.from({ length: 8 }, () => ({ args: ['true'] })));
    const ended = await second.api.waitTasks(receipts.map(({ uuid }) => uuid));
    t.deepEqual([...new Set(ended.map(({ state }) => state))], ['completed']);
    await takenDown.get(backend)?.();
  });
}
