import test from 'ava';
import { detailsOf, RefusalFolds, type Refusal } from './fold-refusals.js';

const refusal = (change: Partial<Refusal> = {}): Refusal => ({
  actor_kind: 'user',
  actor_id: 'a',
  action: 'tasks.get',
  object: '/tasks/1',
  address: '127.0.0.1',
  details: { status: 404 },
  ...change,
});
const LIMITS = { anonymous: 3, all: 10 };

test('the same refusal is one row a minute, with its number and the first other objects', (t) => {
  const folds = new RefusalFolds(LIMITS);
  t.true(folds.add(refusal(), 0)?.isNew);
  for (let object = 2; object <= 50; object += 1)
    t.false(folds.add(refusal({ object: `/tasks/${object}` }), 59_999)?.isNew);
  const { fold } = folds.add(refusal(), 59_999) ?? {};
  t.deepEqual(fold && detailsOf(fold), {
    count: 51,
    also: Array.from({ length: 10 }, (_, index) => `/tasks/${index + 2}`),
  });
  t.true(folds.add(refusal(), 60_000)?.isNew);
});

test('another caller, operation, status or kind of object is another row; another address of a user is not', (t) => {
  const folds = new RefusalFolds(LIMITS);
  folds.add(refusal(), 0);
  t.false(folds.add(refusal({ address: '::1' }), 0)?.isNew);
  for (const change of [
    { actor_id: 'b' },
    { action: 'tasks.cancel' },
    { details: { status: 403 } },
    { object: 'user alice' },
    { actor_id: null, address: '::1' },
  ])
    t.true(folds.add(refusal(change), 0)?.isNew, JSON.stringify(change));
});

test('the number of rows that begin in a minute is limited, and lower for callers who are not logged in', (t) => {
  const folds = new RefusalFolds(LIMITS);
  const anonymous = (address: string): Refusal => refusal({ actor_kind: 'anonymous', actor_id: null, address });
  for (const address of ['1', '2', '3']) t.true(folds.add(anonymous(address), 0)?.isNew);
  t.is(folds.add(anonymous('4'), 0), undefined);
  t.false(folds.add(anonymous('3'), 0)?.isNew, 'those that have a row are counted there');
  for (let id = 4; id <= 10; id += 1) t.true(folds.add(refusal({ actor_id: String(id) }), 0)?.isNew);
  t.is(folds.add(refusal({ actor_id: '11' }), 0), undefined);
  t.true(
    folds.add(refusal({ actor_kind: 'system', actor_id: null, address: '' }), 0)?.isNew,
    'the row that counts them',
  );
  t.is(folds.add(refusal({ actor_id: '12' }), 60_000, false), undefined, 'no row may begin');
});
