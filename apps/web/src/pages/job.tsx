import { useState } from 'preact/hooks';
import type { CancelAnswer, JobView } from '@mitosis/protocol';
import { call, part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, duration } from '../app/format.js';
import { href, type Route } from '../app/router.js';
import { may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Dialog } from '../parts/dialog.js';
import { Failures } from '../parts/failures.js';
import { Form } from '../parts/form.js';
import { JobBar } from '../parts/job-bar.js';
import { Efficiency, JobLimitsDialog } from '../parts/job-settings.js';
import { attempt, Failure, say } from '../parts/notices.js';
import { OutputSearch } from '../parts/output-search.js';
import { Absent, Facts, Page } from '../parts/page.js';
import { notifyText } from '../parts/process.js';
import { StateMark } from '../parts/state.js';
import { Ago, useNow } from '../parts/time.js';
import { Results } from '../results/results.js';

/** The number of ended tasks that an estimate needs. */
const ENDED_MIN = 3;

export default function JobPage({ route: { path } }: { readonly route: Route }) {
  const uuid = path[1] ?? '';
  const {
    data: job,
    error,
    reload,
  } = useApi<JobView>(`jobs/${part(uuid)}`, {
    isConcerned: (change) => change.type === 'resync' || ('job' in change && change.job === uuid),
  });
  if (!job) return <Absent title="Job" error={error} />;
  const failed = job.counts.failed ?? 0;
  const note = job.is_suspended ? 'suspended' : undefined;
  return (
    <Page
      title={job.name}
      lead={
        <>
          <StateMark state={job.state} note={note} /> <Ago at={job.created_at} /> by {job.creator} in {job.group}
        </>
      }
      actions={<Actions job={job} onDone={reload} />}
      command={`mito jobs results ${job.uuid}`}
    >
      {error && <Failure error={error} />}
      <div>
        <JobBar job={job} />
        <Facts
          facts={[
            ['Ended', `${Math.round(job.progress * 100)} % of ${count(job.total, 'task')}`],
            ['Left', <Left key="left" job={job} />],
            ...(['completed', 'failed', 'cancelled', 'running', 'ready', 'pending'] as const).map(
              (state) =>
                [
                  state.replace(/^./, (letter) => letter.toUpperCase()),
                  (job.counts[state] ?? 0) > 0 && (
                    <a href={href(['tasks'], { job: job.uuid, state })}>{count(job.counts[state] ?? 0, 'task')}</a>
                  ),
                ] as const,
            ),
            ['At a time', job.at_once !== null && `at most ${count(job.at_once, 'task')}`],
            [
              'Failures allowed',
              job.max_fails !== null && `${count(job.max_fails, 'task')}; then the rest is cancelled`,
            ],
            ['Notifies', notifyText(job.notify)],
          ]}
        />
      </div>
      {failed > 0 && <Failures job={job.uuid} key={failed} />}
      <Results job={job.uuid} />
      <Efficiency job={job} />
      <OutputSearch filters={{ job: job.uuid }} command={['mito', 'jobs', 'grep', job.uuid]} />
    </Page>
  );
}

/** How long it will continue, when that can be said: as long as what has ended has taken, for what is left. */
function Left({ job }: { readonly job: JobView }) {
  const now = useNow(true);
  const ended = (job.counts.completed ?? 0) + (job.counts.failed ?? 0) + (job.counts.cancelled ?? 0);
  const isOver = ended === job.total;
  if (isOver) return <>nothing</>;
  if (job.is_suspended) return <>suspended: nothing starts until it is resumed</>;
  if (ended < ENDED_MIN || job.progress === 0) return <>not known before {ENDED_MIN} tasks have ended</>;
  const elapsed = now - Date.parse(job.created_at);
  return <>about {duration((elapsed / job.progress) * (1 - job.progress))}, at the pace since its submission</>;
}

function Actions({ job, onDone }: { readonly job: JobView; onDone(): void }) {
  const [isAsking, setAsking] = useState(false);
  const [isLimiting, setLimiting] = useState(false);
  const current = useStore(session);
  const groupId = job.group;
  const canManage = may(current, { action: 'task.manage', groupId });
  const canRetry = canManage && may(current, { action: 'task.submit', groupId });
  const canCancel = may(current, { action: 'task.cancel', groupId, creatorId: job.creator });
  const isOver = !['pending', 'ready', 'running'].includes(job.state);
  const act = (verb: 'suspend' | 'resume', canUndo = true): void =>
    void attempt(async () => {
      await call('POST', `jobs/${part(job.uuid)}/${verb}`);
      onDone();
      const done = { resume: 'Its tasks start again.', suspend: 'Nothing more of it starts until it is resumed.' }[
        verb
      ];
      const opposite = verb === 'suspend' ? 'resume' : 'suspend';
      say(done, canUndo ? { label: 'Undo', act: () => act(opposite, false) } : undefined);
    });
  const retry = (): void =>
    void attempt(async () => {
      const { retried } = await call<{ retried: number }>('POST', `jobs/${part(job.uuid)}/retry-failed`);
      onDone();
      return `${count(retried, 'task')} submitted again.`;
    });
  return (
    <>
      {canRetry && (job.counts.failed ?? 0) > 0 && (
        <button type="button" onClick={retry}>
          Retry {count(job.counts.failed ?? 0, 'failed task')}
        </button>
      )}
      {canManage &&
        !isOver &&
        (job.is_suspended ? (
          <button type="button" onClick={() => act('resume')}>
            Resume
          </button>
        ) : (
          <button type="button" onClick={() => act('suspend')}>
            Suspend
          </button>
        ))}
      {canManage && !isOver && (
        <button type="button" onClick={() => setLimiting(true)}>
          Limits …
        </button>
      )}
      {isLimiting && <JobLimitsDialog job={job} onClose={() => setLimiting(false)} onDone={onDone} />}
      {canCancel && !isOver && (
        <button type="button" class="danger" onClick={() => setAsking(true)}>
          Cancel …
        </button>
      )}
      {isAsking && <CancelJob job={job} onClose={() => setAsking(false)} onDone={onDone} />}
    </>
  );
}

function CancelJob({ job, onClose, onDone }: { readonly job: JobView; onClose(): void; onDone(): void }) {
  const cancel = async (): Promise<void> => {
    const { cancelled, requested } = await call<CancelAnswer>('POST', `jobs/${part(job.uuid)}/cancel`, { body: {} });
    say(`${count(cancelled, 'task')} cancelled, ${count(requested, 'running task')} asked to stop.`);
    onClose();
    onDone();
  };
  return (
    <Dialog title="Cancel this job?" onClose={onClose}>
      <p>Its tasks that have not ended are cancelled. Those that have ended stay as they are.</p>
      <Form action="Cancel the job" isDangerous onSubmit={cancel}>
        {() => null}
      </Form>
    </Dialog>
  );
}
