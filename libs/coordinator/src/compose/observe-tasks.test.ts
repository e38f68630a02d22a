import test from 'ava';
import type { Log } from '@mitosis/domain';
import type { ClaimedTask } from '@mitosis/protocol';
import { loggedClaims } from './observe-tasks.js';

test('the log says which worker has got which tasks, and nothing of what they hold', async (t) => {
  const lines: unknown[] = [];
  const log = { debug: (...line: unknown[]) => void lines.push(line) } as unknown as Log;
  const answer = [
    { task: 'a', attempt: 1, lease: 'secret' },
    { task: 'b', attempt: 2, lease: 'secret' },
  ] as ClaimedTask[];
  const claim = loggedClaims(async () => answer, log);
  t.is(await claim({ workerId: 'w' } as never, []), answer);
  t.deepEqual(lines, [
    [{ worker: 'w', task: 'a', attempt: 1 }, 'claimed'],
    [{ worker: 'w', task: 'b', attempt: 2 }, 'claimed'],
  ]);
});
