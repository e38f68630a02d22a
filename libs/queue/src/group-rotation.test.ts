import test from 'ava';
import { GroupRotation } from './group-rotation.js';

function rotation(...names: string[]): GroupRotation<{ name: string; group: string }> {
  const turns = new GroupRotation<{ name: string; group: string }>();
  for (const name of names) turns.add({ name, group: name.charAt(0) });
  return turns;
}

function names(turns: GroupRotation<{ name: string; group: string }>, count: number): string {
  return Array.from({ length: count }, () => turns.next(() => true)?.name).join(' ');
}

test('groups take turns, and inside a group its queues do', (t) => {
  t.is(names(rotation('a1', 'a2', 'a3', 'b1', 'c1'), 9), 'a1 b1 c1 a2 b1 c1 a3 b1 c1');
});

test('who is not ready is skipped and keeps its place', (t) => {
  const turns = rotation('a1', 'b1');
  t.is(turns.next((turn) => turn.group === 'b')?.name, 'b1');
  t.is(turns.next(() => true)?.name, 'a1');
  t.is(
    turns.next(() => false),
    undefined,
  );
  t.is(turns.next(() => true)?.name, 'b1');
});

test('what is removed takes no turn, and its group goes with its last queue', (t) => {
  const turns = rotation('a1', 'b1', 'b2');
  turns.remove({ name: 'a1', group: 'a' });
  turns.remove({ name: 'b2', group: 'b' });
  turns.remove({ name: 'x1', group: 'x' });
  t.is(names(turns, 2), 'b1 b1');
  t.deepEqual(
    [...turns].map(({ name }) => name),
    ['b1'],
  );
});
