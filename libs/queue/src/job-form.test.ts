import test from 'ava';
import { bullJob, bullPriority, parseDelivery } from './job-form.js';

const delivery = { jobId: 't1-2', taskId: 't1', dispatch: 2, priority: 7, name: 'train' };

test('a delivery survives its travel as a job', (t) => {
  const job = bullJob(delivery);
  t.deepEqual(parseDelivery('t1-2', job.name, JSON.stringify(job.data)), delivery);
});

test('a job is tried once, prioritised, and kept in a bounded history', (t) => {
  const keep = { count: 100 };
  t.deepEqual(bullJob(delivery).opts, {
    jobId: 't1-2',
    priority: 994,
    attempts: 1,
    removeOnComplete: keep,
    removeOnFail: keep,
  });
});

test('higher priority is earlier in BullMQ, and none passes the unprioritised', (t) => {
  t.deepEqual([1000, 1, 0, -1000, 5_000, -5_000].map(bullPriority), [1, 1000, 1001, 2001, 1, 2001]);
});

test('a job id that does not belong to the task is refused', (t) => {
  t.throws(() => bullJob({ ...delivery, jobId: 't2-2' }), { code: 'invalid_delivery' });
});

test('a name is cut between characters, and is fit for a queue server whatever it is', (t) => {
  const nameOf = (name: string): string => bullJob({ ...delivery, name }).name;
  t.is(nameOf(`${'x'.repeat(199)}😀`), 'x'.repeat(199));
  t.is(nameOf('a\ud83db\0c'), 'a\ufffdb\ufffdc');
});

const foreign = test.macro((t, data: string) => t.is(parseDelivery('t1-2', 'train', data), undefined));

for (const data of ['', '{', 'null', '[]', '{"taskId":1}', '{"taskId":"t1","dispatch":3,"priority":0}']) {
  test(`a job with the data ${JSON.stringify(data)} is not a delivery`, foreign, data);
}
