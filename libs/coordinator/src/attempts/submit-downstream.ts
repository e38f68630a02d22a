import type { EntityManager } from 'typeorm';
import { fromOriginalTask, MitoError, type Role, type TaskLimits } from '@mitosis/domain';
import { SubmitTask, type AttemptReport } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { acceptTasks, type Accepted } from '../tasks/accept-tasks.js';

/** What a task submitted, or why it can't be. */
export type Downstream = { readonly accepted: Accepted } | { readonly refusal: string };

/** The task as a submitter: it speaks for its creator, in its own group, with today's role there. */
async function actorOf(tx: EntityManager, task: string): Promise<UserActor> {
  const [row] = (await tx.query(
    `SELECT t.creator_id, t.group_id, g.name AS group, u.username, m.role
     FROM tasks t JOIN groups g ON g.id = t.group_id
     JOIN users u ON u.id = t.creator_id AND u.state = 'active'
     LEFT JOIN memberships m ON m.user_id = u.id AND m.group_id = t.group_id
     WHERE t.id = $1`,
    [task],
  )) as { creator_id: string; group_id: string; group: string; username: string; role: Role | null }[];
  if (!row) throw new MitoError('forbidden', 'creator_gone', 'the creator of the task may no longer submit');
  const roles = new Map<string, Role>(row.role ? [[row.group_id, row.role]] : []);
  return {
    kind: 'user',
    userId: row.creator_id,
    username: row.username,
    isAdmin: false,
    roles,
    scope: 'submit',
    sessionId: '',
    task,
    ownGroup: row.group,
  };
}

/** The original's form is understood, too. */
function ofOriginal(spec: unknown, index: number): unknown {
  try {
    return fromOriginalTask(spec);
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    throw new MitoError('invalid', 'invalid_request', `task ${index + 1}: ${error.message}`, { cause: error });
  }
}

function parseAll(specs: readonly unknown[]): SubmitTask[] {
  return specs.map((spec, index) => {
    const parsed = SubmitTask.safeParse(ofOriginal(spec, index));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new MitoError(
      'invalid',
      'invalid_request',
      `task ${index + 1}: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is not valid'}`,
    );
  });
}

/**
 * Submits what a task wrote to `$MITO_NEW_TASK`, in the transaction that commits its outcome: all of
 * it or nothing. An error in it fails the task, not the report.
 */
export async function submitDownstream(
  tx: EntityManager,
  { task, new_tasks: specs }: AttemptReport,
  limits: TaskLimits,
): Promise<Downstream> {
  await tx.query('SAVEPOINT downstream');
  try {
    const tasks = parseAll(specs);
    const accepted = await acceptTasks(tx, await actorOf(tx, task), tasks, { limits, upstream: task });
    await tx.query('RELEASE SAVEPOINT downstream');
    return { accepted };
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT downstream');
    return { refusal: `its new tasks can't be submitted: ${error.message}` };
  }
}
