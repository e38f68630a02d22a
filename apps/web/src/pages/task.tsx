import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import type { CancelResult, TaskDetail, TaskReceipt } from '@mitosis/protocol';
import { call, part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, duration, shellLine, shortId } from '../app/format.js';
import { go, href, type Route } from '../app/router.js';
import { may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Artifacts } from '../artifacts/artifacts.js';
import { LogView } from '../log/log-view.js';
import { Attempts } from '../parts/attempts.js';
import { CopyLine } from '../parts/copy-line.js';
import { Dialog } from '../parts/dialog.js';
import { Explanation } from '../parts/explanation.js';
import { Field, Form } from '../parts/form.js';
import { attempt, Failure, say } from '../parts/notices.js';
import { Absent, Facts, Page, Section, Words } from '../parts/page.js';
import { processFacts } from '../parts/process.js';
import { StateMark } from '../parts/state.js';
import { Checkpoints, RunningFiles } from '../parts/task-files.js';
import { Ran } from '../parts/task-rows.js';
import { Ago } from '../parts/time.js';

const FINAL = new Set(['completed', 'failed', 'cancelled']);

export default function TaskPage({ route: { path } }: { readonly route: Route }) {
  const uuid = path[1] ?? '';
  const {
    data: task,
    error,
    reload,
  } = useApi<TaskDetail>(`tasks/${part(uuid)}`, {
    isConcerned: (change) => change.type === 'resync' || (change.type === 'task' && change.task === uuid),
  });
  if (!task) return <Absent title="Task" error={error} />;
  const isOpen = !FINAL.has(task.state);
  return (
    <Page
      title={task.name}
      lead={
        <>
          <StateMark state={task.state} /> <Story task={task} />
        </>
      }
      actions={<Actions task={task} onDone={reload} />}
      command={`mito tasks get ${task.uuid}`}
    >
      {error && <Failure error={error} />}
      <Progress task={task} />
      {isOpen && task.state !== 'running' && <Explanation task={task.uuid} />}
      {task.pty !== null && task.state === 'running' ? <Terminal task={task} /> : <Output task={task} />}
      <Artifacts task={task} />
      <RunningFiles task={task} />
      <Checkpoints task={task} />
      <div class="columns">
        <Attempts task={task} />
        <About task={task} />
      </div>
    </Page>
  );
}

/** One sentence on how it is, or how it went. */
function Story({ task }: { readonly task: TaskDetail }) {
  if (task.state === 'running')
    return (
      <>
        for <Ran task={task} />, attempt {task.attempt}
      </>
    );
  if (task.finished_at === null)
    return (
      <>
        since <Ago at={task.created_at} />
      </>
    );
  const why = task.message ?? task.reason?.replaceAll('_', ' ');
  const by = task.cancelled_by === null ? '' : ` by ${task.cancelled_by}`;
  return (
    <>
      {by} <Ago at={task.finished_at} /> after <Ran task={task} />
      {task.exit_code !== null && `, exit code ${task.exit_code}`}
      {task.signal !== null && ` (${task.signal})`}
      {why && <span dir="auto">: {why}</span>}
      {task.cancel_reason !== null && <span dir="auto">: {task.cancel_reason}</span>}
    </>
  );
}

function Progress({ task }: { readonly task: TaskDetail }) {
  if (task.progress === null || task.state !== 'running') return null;
  return (
    <div>
      <div
        class="bar"
        role="progressbar"
        aria-label="Progress"
        aria-valuenow={Math.round(task.progress * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span class="fill-running" style={{ width: `${task.progress * 100}%` }} />
      </div>
      <span class="dim" dir="auto">
        {Math.round(task.progress * 100)} % {task.progress_message}
      </span>
    </div>
  );
}

function Actions({ task, onDone }: { readonly task: TaskDetail; onDone(): void }) {
  const current = useStore(session);
  const [isAsking, setAsking] = useState(false);
  const canSubmit = may(current, { action: 'task.submit', groupId: task.group });
  const canCancel = may(current, { action: 'task.cancel', groupId: task.group, creatorId: task.creator });
  const isOpen = !FINAL.has(task.state);
  const again = async (): Promise<string> => {
    const { uuid } = await call<TaskReceipt>('POST', `tasks/${part(task.uuid)}/rerun`, { body: {} });
    go(['task', uuid]);
    return 'The task is submitted again.';
  };
  return (
    <>
      {canSubmit && task.wasm !== null && (
        <button type="button" onClick={() => void attempt(again)}>
          Run again
        </button>
      )}
      {canSubmit && task.wasm === null && (
        <a class="button" href={href(['submit'], { from: task.uuid })}>
          Run again with changes
        </a>
      )}
      {isOpen && canCancel && task.cancel_requested_at === null && (
        <button type="button" class="danger" onClick={() => setAsking(true)}>
          Cancel …
        </button>
      )}
      {isOpen && task.cancel_requested_at !== null && <span class="dim">is being cancelled</span>}
      {isAsking && <CancelTaskDialog task={task} onClose={() => setAsking(false)} onDone={onDone} />}
    </>
  );
}

function CancelTaskDialog({ task, onClose, onDone }: { readonly task: TaskDetail; onClose(): void; onDone(): void }) {
  const [reason, setReason] = useState('');
  const cancel = async (): Promise<void> => {
    const body = reason === '' ? {} : { reason };
    const { result } = await call<CancelResult>('POST', `tasks/${part(task.uuid)}/cancel`, { body });
    say(
      {
        cancelled: 'The task is cancelled.',
        requested: 'The worker was asked to end the task.',
        ended: 'The task had ended before.',
      }[result as 'cancelled'] ?? result,
    );
    onClose();
    onDone();
  };
  return (
    <Dialog title="Cancel this task?" onClose={onClose}>
      <Form action="Cancel the task" isDangerous onSubmit={cancel}>
        {() => (
          <Field
            label="Reason"
            name="reason"
            value={reason}
            onValue={setReason}
            hint="kept with the task; may be empty"
            isFirst
          />
        )}
      </Form>
    </Dialog>
  );
}

function Output({ task }: { readonly task: TaskDetail }) {
  const [chosen, setAttempt] = useState<number>();
  const shown = chosen ?? task.attempt;
  return (
    <Section
      title="Output"
      actions={
        task.attempts.length > 1 && (
          <label>
            Attempt{' '}
            <select value={String(shown)} onChange={({ currentTarget }) => setAttempt(Number(currentTarget.value))}>
              {task.attempts.map(({ number }) => (
                <option key={number} value={String(number)}>
                  {number}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      <LogView key={shown} task={task.uuid} attempt={shown === 0 ? undefined : shown} />
    </Section>
  );
}

function About({ task }: { readonly task: TaskDetail }) {
  const env = Object.keys(task.env);
  const params = Object.entries(task.params ?? {});
  return (
    <Section title="About">
      <CopyLine label="Its command" text={shellLine(task.args)} />
      <Facts
        facts={[
          ['Group', task.group],
          ['Creator', task.creator],
          [
            'Job',
            task.job && (
              <a href={href(['job', task.job])}>
                {shortId(task.job)}
                {task.job_index !== null && `, task ${task.job_index}`}
              </a>
            ),
          ],
          ['Parameters', params.length > 0 && params.map(([name, value]) => `${name}=${String(value)}`).join(', ')],
          ['Environment', env.length > 0 && env.join(', ')],
          ['Tags', task.tags.length > 0 && <Words words={task.tags} />],
          ['Labels', task.labels.length > 0 && <Words words={task.labels} />],
          ['Inputs', task.resources.length > 0 && task.resources.map(({ path }) => path).join(', ')],
          ['Folder', task.cwd],
          ['Priority', task.priority],
          ...processFacts(task),
          ['Timeout', task.timeout_ms === null ? 'none' : duration(task.timeout_ms)],
          ['Submitted by', task.upstream && <a href={href(['task', task.upstream])}>{shortId(task.upstream)}</a>],
          ['Retried by', task.retried_by && <a href={href(['task', task.retried_by])}>{shortId(task.retried_by)}</a>],
          ['Waits for', task.after.length > 0 && <After task={task} />],
          ['Output limit', task.log_limit_bytes && bytes(task.log_limit_bytes)],
          ['Created', <Ago key="created" at={task.created_at} />],
          ['Uuid', <code key="uuid">{task.uuid}</code>],
        ]}
      />
    </Section>
  );
}

function After({ task }: { readonly task: TaskDetail }) {
  return (
    <ul>
      {task.after.map(({ kind, uuid, when, state }) => (
        <li key={uuid}>
          <a href={href([kind, uuid])}>
            {kind} {shortId(uuid)}
          </a>{' '}
          {when} <span class="dim">({state})</span>
        </li>
      ))}
    </ul>
  );
}

/** The terminal of the task, for those who may type in it; others see its output. */
function Terminal({ task }: { readonly task: TaskDetail }) {
  const canAttach = may(useStore(session), { action: 'task.attach', groupId: task.group });
  const [View, setView] = useState<ComponentType<{ readonly task: string }>>();
  const [error, setError] = useState<unknown>();
  if (!canAttach || error !== undefined) return <Output task={task} />;
  const open = (): void =>
    void import('../terminal/terminal-view.js').then(({ TerminalView }) => setView(() => TerminalView), setError);
  return (
    <Section
      title="Terminal"
      actions={
        View === undefined && (
          <button type="button" class="primary" onClick={open}>
            Open the terminal
          </button>
        )
      }
    >
      {View === undefined ? <LogView task={task.uuid} attempt={task.attempt} /> : <View task={task.uuid} />}
      <CopyLine text={`mito tasks attach ${task.uuid}`} />
    </Section>
  );
}
