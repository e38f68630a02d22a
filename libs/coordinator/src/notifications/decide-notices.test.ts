import test from 'ava';
import type { NoticeEvent } from '@mitosis/domain';
import { decideNotices, type NoticeRule, type SubjectState, type Told } from './decide-notices.js';

const NOTHING: Told = { hasToldStart: false, toldEnd: null, waitingSince: null, toldStuckMs: 0 };
const OPEN: SubjectState = { state: 'ready', hasStarted: false, isWaiting: true, changedAt: null, endKey: null };
const MINUTE = 60_000;

const rule = (receiver: string, on: NoticeEvent[], stuckAfterMs: number | null = null): NoticeRule => ({
  receiver,
  on: new Set(on),
  stuckAfterMs,
});

test('an end is told once, and once more after a retry', (t) => {
  const rules = [rule('a', ['ended']), rule('b', ['failed']), rule('c', ['started'])];
  const ended: SubjectState = { ...OPEN, state: 'failed', hasStarted: true, isWaiting: false, endKey: 'one' };
  const first = decideNotices(ended, NOTHING, { rules, now: 0 });
  t.like(first, { event: 'failed', receivers: ['a', 'b'], dueAt: null });
  t.like(decideNotices(ended, first.told, { rules, now: 1 }), { event: null, receivers: [] });
  const open = decideNotices({ ...OPEN, hasStarted: true }, first.told, { rules, now: 2 });
  t.like(open, { event: null, receivers: [] });
  const second = decideNotices({ ...ended, state: 'completed', endKey: 'two' }, open.told, { rules, now: 3 });
  t.like(second, { event: 'ended', receivers: ['a'] });
});

test('a start is told once, and not of what has ended meanwhile', (t) => {
  const rules = [rule('a', ['started']), rule('b', ['ended'])];
  const started = decideNotices({ ...OPEN, state: 'running', hasStarted: true, isWaiting: false }, NOTHING, {
    rules,
    now: 0,
  });
  t.like(started, { event: 'started', receivers: ['a'] });
  const again = decideNotices({ ...OPEN, state: 'running', hasStarted: true }, started.told, { rules, now: 1 });
  t.is(again.event, null);
  const over = decideNotices({ ...OPEN, state: 'cancelled', hasStarted: true, endKey: 'x' }, NOTHING, {
    rules,
    now: 0,
  });
  t.like(over, { event: 'ended', receivers: ['b'] });
});

test('a wait is told to each receiver when it gets as long as that has said', (t) => {
  const rules = [rule('a', ['stuck'], MINUTE), rule('b', ['stuck'], 3 * MINUTE), rule('c', ['ended'])];
  const begun = decideNotices(OPEN, NOTHING, { rules, now: 0 });
  t.like(begun, { event: null, dueAt: MINUTE, told: { waitingSince: 0 } });
  const first = decideNotices(OPEN, begun.told, { rules, now: MINUTE });
  t.like(first, { event: 'stuck', receivers: ['a'], waitedMs: MINUTE, dueAt: 3 * MINUTE });
  const between = decideNotices(OPEN, first.told, { rules, now: 2 * MINUTE });
  t.like(between, { event: null, dueAt: 3 * MINUTE });
  const second = decideNotices(OPEN, between.told, { rules, now: 3 * MINUTE });
  t.like(second, { event: 'stuck', receivers: ['b'], dueAt: null });
  t.is(decideNotices(OPEN, second.told, { rules, now: 9 * MINUTE }).event, null);
});

test('a wait begins again when a task started or ended meanwhile, and counts nothing while none waits', (t) => {
  const rules = [rule('a', ['stuck'], MINUTE)];
  const told: Told = { ...NOTHING, hasToldStart: true, waitingSince: 0, toldStuckMs: MINUTE };
  const changed = decideNotices({ ...OPEN, hasStarted: true, changedAt: 5 }, told, { rules, now: 10 });
  t.like(changed, { event: null, dueAt: 10 + MINUTE, told: { waitingSince: 10, toldStuckMs: 0 } });
  const running = decideNotices({ ...OPEN, hasStarted: true, isWaiting: false }, told, { rules, now: 10 });
  t.like(running, { event: null, dueAt: 10 + MINUTE, told: { waitingSince: null, toldStuckMs: 0 } });
  t.is(decideNotices(OPEN, NOTHING, { rules: [rule('b', ['ended'])], now: 0 }).dueAt, null);
});
