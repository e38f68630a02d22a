import test from 'ava';
import { queueName } from '@mitosis/domain';
import { groupPrefix, interruptKey, markerKey } from './redis-keys.js';

test('every key of a queue starts with the prefix of its group', (t) => {
  const queue = queueName('lab', ['gpu', 'cuda12.1']);
  for (const key of [markerKey('mito', queue), interruptKey('mito', queue, 'x')]) {
    t.true(key.startsWith(`${groupPrefix('mito', 'lab')}:`), key);
  }
  t.is(markerKey('mito', queue), 'mito:{lab}:lab~cuda12.1~gpu:marker');
});

test('what is not a name of a queue gets no key', (t) => {
  t.throws(() => markerKey('mito', 'a}:*'), { code: 'invalid_queue_name' });
});
