import { describeChange, storableJson, storableSentence, type Log } from '@mitosis/domain';
import { AttemptReport, bareReport, MESSAGE_MAX, NOTE_MAX, type ReportAnswer } from '@mitosis/protocol';

type Result = ReportAnswer['results'][number];

/** One item of a batch: a report, or the answer to what can't be read as one. */
type Read = { readonly report: AttemptReport } | { readonly refusal: Result };

const Identity = AttemptReport.pick({ request: true, task: true, attempt: true, lease: true });

/** What a report can go without; everything else makes it a `worker_error`. */
const OPTIONAL: ReadonlySet<PropertyKey> = new Set(['metrics', 'notes', 'not_kept', 'message', 'new_tasks']);

const NOTES_MAX = 32;

/** Says of a failed parse what is wrong, without quoting more than can be stored. */
function issueOf(error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] }) {
  const [issue] = error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  return { top: issue?.path[0], text: storableSentence(`${field || 'it'}: ${issue?.message ?? 'is not valid'}`, 500) };
}

function refused(request: unknown, why: string): Read {
  const known = Identity.shape.request.safeParse(request);
  return { refusal: { request: known.data ?? null, status: 'refused', message: why } };
}

/**
 * Leaves out what makes a report unreadable, and says so in a note, until it can be read or nothing can be left out.
 */
function parse(raw: Record<string, unknown>): Read {
  const rest = { ...raw };
  for (;;) {
    const parsed = AttemptReport.safeParse(rest);
    if (parsed.success) return { report: parsed.data };
    const { top, text } = issueOf(parsed.error);
    if (top === undefined || !OPTIONAL.has(top) || !(top in rest)) return unreadable(raw, text);
    const note = `${String(top)} of the report could not be read and was left out: ${text}`;
    if (top === 'new_tasks') Object.assign(rest, invalidNewTasks(rest, text));
    else if (top === 'message') rest.message = null;
    else delete rest[top as string];
    rest.notes = [...(Array.isArray(rest.notes) ? (rest.notes as unknown[]).slice(0, NOTES_MAX - 1) : []), note];
  }
}

function unreadable(raw: Record<string, unknown>, why: string): Read {
  const identity = Identity.safeParse({ request: raw.request, task: raw.task, attempt: raw.attempt, lease: raw.lease });
  if (!identity.success) return refused(raw.request, why);
  return { report: bareReport(identity.data, `the report of the worker can't be read: ${why}`) };
}

function invalidNewTasks({ outcome, exit_code: exitCode }: Record<string, unknown>, why: string): object {
  if (outcome !== 'exited' || exitCode !== 0) return { new_tasks: [] };
  const message = storableSentence(`its new tasks can't be submitted: ${why}`, MESSAGE_MAX);
  return { new_tasks: [], outcome: 'invalid_new_task', message };
}

/** A report as it can be stored: a worker may be rogue, or older than what it runs. Never throws. */
function readReport(item: unknown): Read {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return refused(null, 'a report is an object');
  const { new_tasks: newTasks = [], subtasks, ...rest } = item as Record<string, unknown>;
  const cleaned = storableJson(rest);
  const raw = cleaned.value as Record<string, unknown>;
  const notes = cleaned.changes.map((change) => storableSentence(describeChange(change), NOTE_MAX));
  if (notes.length > 0 && Array.isArray(raw.notes))
    raw.notes = [...(raw.notes as unknown[]), ...notes].slice(0, NOTES_MAX);
  // Another command than the one that was written must not be submitted: it is refused, not mended.
  const [change] = storableJson(newTasks).changes;
  const submits = change ? invalidNewTasks(raw, `${change.place}: has ${change.problem}`) : { new_tasks: newTasks };
  return parse({ ...raw, ...(subtasks !== undefined && { subtasks }), ...submits });
}

/**
 * Takes a batch of reports, each judged alone: what can't be read gets an answer of its own, or ends its own attempt
 * with the reason, and the others are committed.
 */
export function takeReportsWith(deps: {
  readonly commitReports: (reports: readonly AttemptReport[]) => Promise<ReportAnswer>;
  readonly log: Log;
}) {
  return async (items: readonly unknown[]): Promise<ReportAnswer> => {
    const read = items.map(readReport);
    const refusals = read.flatMap((one) => ('refusal' in one ? [one.refusal] : []));
    if (refusals.length > 0)
      deps.log.warn({ refusals: refusals.slice(0, 5) }, 'a worker sent reports that can not be read');
    const { results } = await deps.commitReports(read.flatMap((one) => ('report' in one ? [one.report] : [])));
    const committed = results.values();
    return { results: read.map((one) => ('refusal' in one ? one.refusal : (committed.next().value as Result))) };
  };
}
