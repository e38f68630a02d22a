import { useEffect, useMemo, useState } from 'preact/hooks';
import { cutText } from '@mitosis/domain';
import type { JobReceipt, SubmitTaskInput, TaskDetail, TaskReceipt } from '@mitosis/protocol';
import { call, messageOf, part } from '../api/call.js';
import { count, shellLine } from '../app/format.js';
import { go, type Route } from '../app/router.js';
import { groupsFor, may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Field, Form } from '../parts/form.js';
import { complain, say } from '../parts/notices.js';
import { Page, Section } from '../parts/page.js';
import {
  argsOf,
  draftOf,
  EMPTY,
  jobFieldsOf,
  keptOptions,
  lineOf,
  needOptions,
  tasksOf,
  type Draft,
  type TextField,
} from '../submit/draft.js';
import { MoreFields } from '../submit/more-fields.js';
import { DropZone } from '../upload/drop-zone.js';

const PREVIEW = 5;
/** Tasks of one request. */
const BATCH = 1_000;
const NAME_MAX = 200;
const KEPT = 'mito-draft';

function keptDraft(): Draft {
  try {
    return { ...EMPTY, ...(JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Partial<Draft>) };
  } catch {
    return EMPTY;
  }
}

function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export default function SubmitPage({ route: { query } }: { readonly route: Route }) {
  const current = useStore(session);
  const groups = groupsFor(current, 'task.submit');
  const own = 'user' in current ? current.user.username : '';
  const [typed, setDraft] = useState<Draft>(keptDraft);
  const group = [typed.group, own, ...groups].find((name) => groups.includes(name)) ?? '';
  const draft = useMemo((): Draft => ({ ...typed, group }), [typed, group]);
  // The same key until something is changed: a second click, or an answer that was lost, makes nothing twice.
  const key = useMemo(newKey, [draft]);
  const from = query['from'];
  useEffect(() => {
    if (from !== undefined)
      call<TaskDetail>('GET', `tasks/${part(from)}`).then((task) => setDraft(draftOf(task)), complain);
  }, [from]);
  useEffect(() => sessionStorage.setItem(KEPT, JSON.stringify(draft)), [draft]);
  const plan = useMemo((): { readonly tasks?: readonly SubmitTaskInput[]; readonly objection?: string } => {
    try {
      return { tasks: tasksOf(draft) };
    } catch (error) {
      return { objection: messageOf(error) };
    }
  }, [draft]);
  const submit = async (): Promise<void> => {
    const tasks = tasksOf(draft);
    const path = await send(tasks, draft, key);
    sessionStorage.removeItem(KEPT);
    say(`${count(tasks.length, 'task')} submitted.`);
    go(path);
  };
  if (groups.length === 0)
    return (
      <Page title="Submit">
        <p>You have no group in which you may submit: that needs the role write.</p>
      </Page>
    );
  const set = (name: TextField) => (value: string) => setDraft({ ...draft, [name]: value });
  const action =
    plan.tasks === undefined || plan.tasks.length === 1 ? 'Submit' : `Submit ${count(plan.tasks.length, 'task')}`;
  return (
    <Page
      title="Submit"
      lead="Run a command on a worker, or many variations of it as one job"
      command={commandOf({ ...draft, group: group === own ? '' : group })}
    >
      <div class="columns">
        <Form action={action} onSubmit={submit}>
          {(errorOf) => (
            <>
              <Field
                label="Command"
                name="command"
                value={draft.command}
                onValue={set('command')}
                rows={4}
                error={errorOf('args')}
                hint={
                  draft.byShell
                    ? 'A line for the shell; {name} stands for a parameter of the sweep.'
                    : 'Run without a shell unless it uses | > $ * or the like; {name} is a parameter of the sweep.'
                }
                placeholder="python train.py --lr {lr}"
                isRequired
                isFirst
              />
              <Field
                label="Sweep"
                name="sweep"
                value={draft.sweep}
                onValue={set('sweep')}
                rows={3}
                hint="One parameter in each line: lr=0.1,0.3 or seed=1..5. Every combination is a task."
              />
              <div class="fields">
                <Field
                  label="Name"
                  name="name"
                  value={draft.name}
                  onValue={set('name')}
                  error={errorOf('name')}
                  hint="the command when empty"
                />
                <Field label="Group" name="group" value={group} onValue={set('group')} choices={groups} />
                <Field
                  label="Time limit"
                  name="timeout"
                  value={draft.timeout}
                  onValue={set('timeout')}
                  error={errorOf('timeout_ms')}
                  hint="1h30m, or none; empty: as in the group"
                />
                <Field
                  label="Tags"
                  name="tags"
                  value={draft.tags}
                  onValue={set('tags')}
                  error={errorOf('tags')}
                  hint="of a worker: gpu & !old, a100 | h100"
                />
                <Field
                  label="Labels"
                  name="labels"
                  value={draft.labels}
                  onValue={set('labels')}
                  error={errorOf('labels')}
                  hint="to find it by"
                />
                <Field
                  label="Retries"
                  name="retries"
                  value={draft.retries}
                  onValue={set('retries')}
                  error={errorOf('retries')}
                />
                <Field
                  label="Priority"
                  name="priority"
                  value={draft.priority}
                  onValue={set('priority')}
                  error={errorOf('priority')}
                  hint="higher first"
                />
              </div>
              <Field
                label="Environment"
                name="env"
                value={draft.env}
                onValue={set('env')}
                rows={2}
                hint="NAME=VALUE in each line; everybody in the group can read it"
              />
              <Field
                label="Input files"
                name="inputs"
                value={draft.inputs}
                onValue={set('inputs')}
                rows={2}
                error={errorOf('resources')}
                hint="FILE=PATH in each line: a file of the group, and where it is placed below MITO_RESOURCE_DIR"
              />
              <MoreFields draft={draft} set={set} errorOf={errorOf} />
              <label class="check">
                <input
                  type="checkbox"
                  checked={draft.terminal}
                  onChange={({ currentTarget }) => setDraft({ ...draft, terminal: currentTarget.checked })}
                />{' '}
                Keep the output as an artifact
              </label>
            </>
          )}
        </Form>
        <div>
          <Preview {...plan} />
          {may(current, { action: 'attachment.write', groupId: group }) && (
            <Section title="Add files to the group" note={group}>
              <DropZone group={group} prefix="" onStored={() => say('The file can be named as an input.')} />
            </Section>
          )}
        </div>
      </div>
    </Page>
  );
}

/** Sends the tasks; returns where they are looked at. */
async function send(tasks: readonly SubmitTaskInput[], draft: Draft, key: string): Promise<string[]> {
  const keyed = (number: number) => ({ 'Idempotency-Key': `${key}-${number}` });
  const [only] = tasks;
  if (tasks.length === 1 && draft.sweep.trim() === '') {
    const { uuid } = await call<TaskReceipt>('POST', 'tasks', { body: only, headers: keyed(0) });
    return ['task', uuid];
  }
  const isWhole = tasks.length <= BATCH;
  const name = draft.name.trim() === '' ? draft.command.trim().split('\n')[0] : draft.name.trim();
  const body = {
    group: draft.group,
    name: cutText(name ?? 'sweep', NAME_MAX),
    ...jobFieldsOf(draft),
    tasks: tasks.slice(0, BATCH),
    is_open: !isWhole,
    expected_tasks: tasks.length,
  };
  const { uuid } = await call<JobReceipt>('POST', 'jobs', { body, headers: keyed(0) });
  for (let at = BATCH; at < tasks.length; at += BATCH) {
    const more = { tasks: tasks.slice(at, at + BATCH), is_last: at + BATCH >= tasks.length };
    await call('POST', `jobs/${part(uuid)}/tasks`, { body: more, headers: keyed(at) });
  }
  return ['job', uuid];
}

/** The command that submits the same, where there is one. */
function commandOf(draft: Draft): string | undefined {
  const more = keptOptions(draft);
  if (draft.command.trim() === '' || more === undefined) return undefined;
  const args = argsOf(draft);
  const line = lineOf(args);
  const option = (name: string, value: string): string[] => (value.trim() === '' ? [] : [name, value.trim()]);
  const each = (name: string, text: string): string[] => text.split('\n').flatMap((item) => option(name, item));
  return shellLine([
    ...['mito', 'tasks', 'submit'],
    ...(args.at(-1) === line ? ['--shell', line] : []),
    ...each('--sweep', draft.sweep),
    ...option('--name', draft.name),
    ...option('--group', draft.group),
    ...option('--tags', draft.tags),
    ...option('--labels', draft.labels),
    ...option('--timeout', draft.timeout),
    ...each('--env', draft.env),
    ...each('--resource', draft.inputs.replace(/^\s*([^=\n]+)=/gm, 'attachment=$1:')),
    ...option('--retries', draft.retries === '0' ? '' : draft.retries),
    ...option('--priority', draft.priority === '0' ? '' : draft.priority),
    ...(draft.terminal ? ['--terminal'] : []),
    ...needOptions(draft).flatMap(({ option: name, value }) => [name, String(value)]),
    ...option('--at-once', draft.atOnce),
    ...option('--max-fails', draft.maxFails),
    ...option('--warn-before', draft.warn),
    ...option('--requeue-on', draft.requeueOn.replaceAll(' ', '')),
    ...option('--checkpoint-every', draft.checkpointEvery),
    ...option('--notify', draft.notify.replaceAll(' ', '')),
    ...option('--on', draft.notifyOn),
    ...more,
    ...(args.at(-1) === line ? [] : ['--', ...args]),
  ]);
}

/** The first tasks as they would be stored, and how many there are. */
function Preview({ tasks, objection }: { readonly tasks?: readonly SubmitTaskInput[]; readonly objection?: string }) {
  return (
    <Section title="Preview" note={tasks && count(tasks.length, 'task')}>
      {objection !== undefined && <p class="dim">{objection}</p>}
      <ol class="preview">
        {tasks?.slice(0, PREVIEW).map((task, index) => (
          <li key={index}>
            {task.params && (
              <div class="dim">
                {Object.entries(task.params)
                  .map(([name, value]) => `${name}=${String(value)}`)
                  .join(', ')}
              </div>
            )}
            <code>{lineOf(task.args)}</code>
          </li>
        ))}
      </ol>
      {tasks && tasks.length > PREVIEW && <p class="dim">and {count(tasks.length - PREVIEW, 'more task')}</p>}
    </Section>
  );
}
