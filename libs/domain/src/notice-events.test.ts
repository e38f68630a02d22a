import test from 'ava';
import { parseNoticeEvents } from './notice-events.js';

test('events are read from one text or several, each once', (t) => {
  t.deepEqual(parseNoticeEvents(['failed,ended', 'failed'], '--on'), { on: ['failed', 'ended'] });
  t.deepEqual(parseNoticeEvents(['stuck'], '--on'), { on: ['stuck'], stuck_after_ms: 1_800_000 });
  t.deepEqual(parseNoticeEvents(['started, stuck=2h'], '--on'), {
    on: ['started', 'stuck'],
    stuck_after_ms: 7_200_000,
  });
});

test('what is not an event is refused, naming the option and the events', (t) => {
  for (const text of ['done', 'failed=1m', 'stuck=1m=2', 'Failed', '*'])
    t.throws(() => parseNoticeEvents([text], '--on'), { message: /^--on: ".*use started, ended, failed, stuck/ }, text);
  for (const text of ['', ' ', ',', 'failed,'])
    t.throws(() => parseNoticeEvents([text], '--on'), { message: /--on/ }, text);
  for (const text of ['stuck=', 'stuck=5', 'stuck=10s', 'stuck=31d', 'stuck=-1h', 'stuck=0s'])
    t.throws(() => parseNoticeEvents([text], '--on'), { message: /--on/ }, text);
});
