/**
 * The launcher: a lean process between the worker and its tasks. It starts programs, so that the
 * worker's heap is in no fork; it reads their pipes, so that the worker's event loop is in no task's
 * way; and when its worker is gone, however that happened, it ends every task and itself.
 *
 * Arguments: the first tag (a number), `portable` or `best`.
 */
import { sweepGroups } from '../limits/memory-group.js';
import { chooseSpawner } from './choose-spawner.js';
import { closeInherited } from './close-inherited.js';
import { Launcher } from './launcher.js';
import type { FromLauncher, ToLauncher } from './messages.js';

closeInherited();
sweepGroups();
const [firstTag = '0', kind] = process.argv.slice(2);
const { spawner, remark } = await chooseSpawner(kind === 'portable', BigInt(firstTag));
const launcher = new Launcher(spawner, send);

// Only the channel decides about its life: a signal to the worker's process group must not end it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('message', (message: ToLauncher) => launcher.receive(message));
process.on('disconnect', () => void endWithWorker());
// The worker may have gone before anybody listened.
if (!process.connected) void endWithWorker();
send({ type: 'ready', spawner: spawner.name, ...(remark === undefined ? {} : { remark }) });

function send(message: FromLauncher): void {
  if (!process.connected) return;
  // A failed send means that the worker is gone; the channel's end says so as well.
  process.send?.(message, undefined, undefined, () => undefined);
}

async function endWithWorker(): Promise<void> {
  await launcher.endAll('The worker ended');
  await spawner.endStrays();
  process.exit(0);
}
