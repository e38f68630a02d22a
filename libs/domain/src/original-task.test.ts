import test from 'ava';
import { fromOriginalTask, meantArtifactKind, watchedState } from './index.js';

const UUID = '01890000-0000-7000-8000-000000000000';
const spec = { args: ['echo', 'hello'] };

test('a task in the form of the original Mitosis is a submission with the same meaning', (t) => {
  t.deepEqual(
    fromOriginalTask({
      group_name: 'lab',
      tags: ['gpu'],
      labels: ['l'],
      timeout: '1h 30m',
      priority: 2,
      task_spec: {
        ...spec,
        envs: { A: '1' },
        terminal_output: true,
        resources: [
          { remote_file: { Attachment: { key: 'data/x' } }, local_path: 'x' },
          { remote_file: { Artifact: { uuid: UUID, content_type: 'ExecLog' } }, local_path: 'y' },
        ],
        watch: [UUID, 'TaskCommitted'],
      },
    }),
    {
      group: 'lab',
      tags: ['gpu'],
      labels: ['l'],
      priority: 2,
      timeout_ms: 5_400_000,
      args: ['echo', 'hello'],
      env: { A: '1' },
      terminal: true,
      resources: [
        { from: 'attachment', key: 'data/x', path: 'x' },
        { from: 'artifact', task: UUID, kind: 'exec-log', path: 'y' },
      ],
      after: [{ task: UUID, when: 'ended' }],
    },
  );
  t.deepEqual(fromOriginalTask({ task_spec: { ...spec, watch: null } }), { args: ['echo', 'hello'], after: [] });
  t.deepEqual(fromOriginalTask({ args: ['a'], group: 'lab' }), { args: ['a'], group: 'lab' });
});

const refused = test.macro({
  exec(t, task: object, message: RegExp) {
    t.throws(() => fromOriginalTask(task), { code: 'invalid_request', message });
  },
  title: (_, task: object, message: RegExp) => `${JSON.stringify(task)} is refused: ${message.source}`,
});

test(refused, { group_name: 'g', args: ['x'] }, /^args: .* no such field; it has group_name/);
test(refused, { group_name: 'g' }, /^task_spec: is missing/);
test(refused, { task_spec: { ...spec, env: {} } }, /^task_spec\.env: .* has args, envs/);
test(refused, { task_spec: spec, timeout: 600 }, /^timeout: 600 is not a duration/);
test(refused, { task_spec: spec, timeout: '1 fortnight' }, /^timeout: /);
test(refused, { task_spec: { ...spec, watch: [UUID, 'ExecSpawned'] } }, /^task_spec\.watch: .* nearest is started/);
test(refused, { task_spec: { ...spec, watch: [UUID, 'Soon'] } }, /^task_spec\.watch: "Soon" is not a state/);
test(
  refused,
  { task_spec: { ...spec, resources: [{ remote_file: { File: {} }, local_path: 'x' }] } },
  /remote_file\.File/,
);

test('each of the 21 states that the original can watch is understood, or refused with the nearest one', (t) => {
  const failures = 'FetchResourceError FetchResourceTimeout FetchResourceNotFound FetchResourceForbidden';
  const states = `WorkerExited FetchResource FetchResourceFinished ${failures} Watch WatchFinished WatchTimeout
    ExecPending ExecSpawned ExecFinished ExecTimeout UploadResult UploadFinishedResult UploadCancelledResult
    UploadResultFinished UploadResultTimeout TaskCommitted`.split(/\s+/);
  const understood = { FetchResource: 'started', TaskCommitted: 'ended' } as Record<string, string>;
  for (const state of states) {
    const meant = watchedState(state);
    if (understood[state] !== undefined) t.is(meant, understood[state] as 'started');
    else t.regex((meant as { objection: string }).objection, /the nearest is/);
  }
  t.is(watchedState('constructor'), undefined);
});

test('kinds of artifacts have the names of the original in any case', (t) => {
  const words = ['std', 'STDLOG', 'Terminal', 'exec', 'ExecLog', 'Result', 'std-log', 'other'];
  t.deepEqual(words.map(meantArtifactKind), [
    'std-log',
    'std-log',
    'std-log',
    'exec-log',
    'exec-log',
    'result',
    'std-log',
    'other',
  ]);
});
