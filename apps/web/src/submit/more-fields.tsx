import { bytes } from '../app/format.js';
import { Field } from '../parts/form.js';
import { needsText } from '../parts/process.js';
import type { Draft, TextField } from './draft.js';

interface Item {
  readonly name: TextField;
  readonly label: string;
  readonly hint: string;
  /** What the API calls it. */
  readonly field: string;
}

const RESOURCES: readonly Item[] = [
  { name: 'cpus', label: 'Cores', hint: 'empty: counts as one', field: '--cpus' },
  { name: 'mem', label: 'Memory', hint: '16GiB; more than that ends the task', field: '--mem' },
  { name: 'gpus', label: 'GPUs', hint: '1, 2:a100, or 0.5', field: '--gpus' },
  { name: 'disk', label: 'Disk', hint: '50GiB free', field: '--disk' },
];
const LIFE: readonly Item[] = [
  { name: 'atOnce', label: 'Running at a time', hint: 'tasks of a sweep; empty: any', field: 'at_once' },
  { name: 'maxFails', label: 'Failures allowed', hint: 'then the rest is cancelled', field: 'max_fails' },
  { name: 'warn', label: 'Warning', hint: '5m, or 5m:USR2, before the limit', field: 'warn_before_ms' },
  { name: 'requeueOn', label: 'Requeue on', hint: 'timeout, lost, or exit codes', field: 'requeue_on' },
  { name: 'checkpointEvery', label: 'Checkpoint every', hint: '15m', field: 'checkpoint_every_ms' },
  { name: 'notify', label: 'Notify', hint: 'me, or names of receivers', field: 'notify' },
  { name: 'notifyOn', label: 'Notify of', hint: 'ended, failed, started, stuck=30m', field: 'on' },
];

/** What few tasks need; open when something of it is filled in. */
export function MoreFields({
  draft,
  set,
  errorOf,
}: {
  readonly draft: Draft;
  readonly set: (name: TextField) => (value: string) => void;
  readonly errorOf: (field: string) => string | undefined;
}) {
  const show = (items: readonly Item[]) => (
    <div class="fields">
      {items.map(({ name, label, hint, field }) => (
        <Field
          key={name}
          label={label}
          name={name}
          value={draft[name]}
          onValue={set(name)}
          hint={hint}
          error={errorOf(field)}
        />
      ))}
    </div>
  );
  const isUsed = (items: readonly Item[]): boolean => items.some(({ name }) => draft[name] !== '');
  return (
    <>
      <details open={isUsed(RESOURCES)}>
        <summary>Resources</summary>
        {show(RESOURCES)}
      </details>
      <details open={isUsed(LIFE)}>
        <summary>Limits of a sweep, warnings, checkpoints, notifications</summary>
        {show(LIFE)}
      </details>
      <Kept kept={draft.kept} />
    </>
  );
}

/** Says what a task that is run again takes over without a field. */
function Kept({ kept }: { readonly kept: Draft['kept'] }) {
  const told = [
    kept.code && `the code of folder ${kept.code.folder || 'without a name'}`,
    kept.env_setup !== undefined && `the environment ${kept.env_setup}`,
    kept.secrets && `the secrets ${kept.secrets.join(', ')}`,
    kept.needs && `what it asks for (${needsText(kept.needs)}), unless resources are filled in`,
    kept.resources && `the inputs ${kept.resources.map(({ path }) => path).join(', ')}`,
    kept.log_limit_bytes !== undefined && `the output limit ${bytes(kept.log_limit_bytes)}`,
    kept.limits && `the limits ${Object.keys(kept.limits).join(', ')}`,
    kept.cwd !== undefined && `the folder ${kept.cwd}`,
    kept.pty && 'its terminal',
  ].filter((text): text is string => typeof text === 'string');
  if (told.length === 0) return null;
  return (
    <p class="hint" dir="auto">
      Taken over from the task that is run again: {told.join('; ')}.
    </p>
  );
}
