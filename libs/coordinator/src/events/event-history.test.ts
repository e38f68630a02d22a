import test from 'ava';
import { EventHistory, type Numbered } from './event-history.js';

test('a reader who comes back gets what has happened since, once and in order', (t) => {
  const history = new EventHistory<number>();
  const heard: Numbered<number>[] = [];
  history.on((numbered) => heard.push(numbered));
  for (let number = 1; number <= 12_345; number++) history.add(number);
  const eventsSince = (number: number) => history.since(heard[number - 1]?.id ?? '')?.map(({ event }) => event);
  t.deepEqual(eventsSince(12_345), []);
  t.deepEqual(eventsSince(12_343), [12_344, 12_345]);
  t.is(eventsSince(8_000)?.length, 4_345);
});

test('whoever was away for too long, or comes from elsewhere, is told so', (t) => {
  const history = new EventHistory<number>();
  const ids: string[] = [];
  history.on(({ id }) => ids.push(id));
  for (let number = 1; number <= 12_345; number++) history.add(number);
  for (const id of [ids[0] ?? '', 'other.3', '', 'x', `${ids[0]?.split('.')[0]}.99999`, `${ids[0]?.split('.')[0]}.1.5`])
    t.is(history.since(id), undefined, id);
});
