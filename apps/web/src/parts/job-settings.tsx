import { useState } from 'preact/hooks';
import type { JobEfficiency, JobView } from '@mitosis/protocol';
import { call, part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count, duration, figure } from '../app/format.js';
import { limitOf } from '../submit/draft.js';
import { CopyLine } from './copy-line.js';
import { Dialog } from './dialog.js';
import { Field, Form } from './form.js';
import { attempt, Failure, say } from './notices.js';
import { Facts, Section } from './page.js';

type Limits = Pick<JobView, 'at_once' | 'max_fails'>;

/** Changes how many tasks of a job run at a time, and how many may fail. The notice offers to undo it. */
export function JobLimitsDialog({ job, onClose, onDone }: { readonly job: JobView; onClose(): void; onDone(): void }) {
  const [atOnce, setAtOnce] = useState(job.at_once === null ? '' : String(job.at_once));
  const [maxFails, setMaxFails] = useState(job.max_fails === null ? '' : String(job.max_fails));
  const before: Limits = { at_once: job.at_once, max_fails: job.max_fails };
  const set = async (limits: Limits): Promise<void> => {
    await call('PATCH', `jobs/${part(job.uuid)}`, { body: limits });
    onDone();
  };
  const change = async (): Promise<void> => {
    await set({
      at_once: limitOf(atOnce, 'Running at a time', 1) ?? null,
      max_fails: limitOf(maxFails, 'Failures allowed', 0) ?? null,
    });
    say('The limits of the job are changed.', {
      label: 'Undo',
      act: () => void attempt(async () => (await set(before), 'The limits are as before.')),
    });
    onClose();
  };
  return (
    <Dialog title="Limits of this job" onClose={onClose}>
      <Form action="Change the limits" onSubmit={change} fields={['at_once', 'max_fails']}>
        {(errorOf) => (
          <>
            <Field
              label="Running at a time"
              name="at_once"
              value={atOnce}
              onValue={setAtOnce}
              error={errorOf('at_once')}
              hint="tasks; empty: no limit. Tasks that run already continue."
              isFirst
            />
            <Field
              label="Failures allowed"
              name="max_fails"
              value={maxFails}
              onValue={setMaxFails}
              error={errorOf('max_fails')}
              hint="When more tasks have failed, the others are cancelled; empty: no limit."
            />
          </>
        )}
      </Form>
    </Dialog>
  );
}

/** What the tasks of a job used of what they asked for, once there is something to say. */
export function Efficiency({ job }: { readonly job: JobView }) {
  const ended = (job.counts.completed ?? 0) + (job.counts.failed ?? 0) + (job.counts.cancelled ?? 0);
  const { data, error } = useApi<JobEfficiency>(ended === 0 ? undefined : `jobs/${part(job.uuid)}/efficiency`, {
    isConcerned: (change) => change.type === 'task' && 'job' in change && change.job === job.uuid,
  });
  if (error) return <Failure error={error} />;
  if (!data || data.measured === 0) return null;
  const { cpus, mem, time, gpus } = data;
  const of = (asked: string | false): string => (asked === false ? '' : ` of ${asked} asked for`);
  return (
    <Section title="Asked for and used" note={`${count(data.measured, 'task')} measured`}>
      <Facts
        facts={[
          [
            'Cores',
            cpus.used_mean !== null &&
              `${figure(Number(cpus.used_mean.toFixed(2)))} in the mean, ` +
                `${figure(Number((cpus.used_max ?? 0).toFixed(2)))} at most${of(cpus.asked > 0 && figure(cpus.asked))}`,
          ],
          [
            'Memory',
            mem.peak_max_bytes !== null &&
              `${bytes(mem.peak_median_bytes)} in the median, ${bytes(mem.peak_max_bytes)} at most` +
                of(mem.asked_bytes !== null && bytes(mem.asked_bytes)),
          ],
          [
            'Time',
            time.max_ms !== null &&
              `${duration(time.median_ms)} in the median, ${duration(time.max_ms)} at most` +
                (time.limit_ms === null ? '' : `, limit ${duration(time.limit_ms)}`),
          ],
          ['GPUs', gpus.asked > 0 && `${figure(gpus.asked)} asked for`],
          ['Out of memory', data.out_of_memory > 0 && count(data.out_of_memory, 'task')],
          ['Timed out', data.timed_out > 0 && count(data.timed_out, 'task')],
        ]}
      />
      {data.suggestion.length > 0 && (
        <>
          <p class="hint">Enough for these tasks, as options of the next submission:</p>
          <CopyLine label="Options of the next submission" isCommand={false} text={data.suggestion.join(' ')} />
        </>
      )}
    </Section>
  );
}
