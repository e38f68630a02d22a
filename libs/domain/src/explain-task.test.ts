import test from 'ava';
import { explainWorker, type WorkerSituation, type WorkerVerdict } from './index.js';

const idle: WorkerSituation = {
  tags: ['gpu'],
  servesGroup: true,
  onlyKind: null,
  isSilent: false,
  isDraining: false,
  isUnable: false,
  slots: 2,
  running: 0,
};

const explains = test.macro({
  exec: (t, change: Partial<WorkerSituation>, expected: WorkerVerdict) =>
    t.is(explainWorker({ tags: ['gpu'], isProgram: false }, { ...idle, ...change }), expected),
  title: (sentence) => sentence ?? '',
});
test('an idle worker with the tags could take it now', explains, {}, 'free');
test('an untagged worker takes any task', explains, { tags: [] }, 'free');
test('a worker whose slots are taken is full', explains, { running: 2 }, 'full');
test('a worker that cannot work is not free', explains, { isUnable: true }, 'unable');
test('a worker that drains takes nothing new', explains, { isDraining: true }, 'draining');
test('a worker without heartbeats is silent', explains, { isSilent: true }, 'silent');
test('a worker without the tag does not match', explains, { tags: ['cpu'] }, 'tags');
test(
  'a worker of other groups never takes it, whatever else',
  explains,
  { servesGroup: false, tags: ['cpu'] },
  'group',
);

test('a worker for sandboxed programs takes no command', explains, { onlyKind: 'wasm' }, 'kind');
test('a worker for sandboxed programs takes one', (t) => {
  t.is(explainWorker({ tags: ['gpu'], isProgram: true }, { ...idle, onlyKind: 'wasm' }), 'free');
});
