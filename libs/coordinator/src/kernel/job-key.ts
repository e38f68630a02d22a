/** The key by which the tasks of a job are limited that has `at_once`. No key of a submission begins with "@". */
export const jobKey = (job: string): string => `@${job}`;

/** Limits of the task row `t` with that of its job, when the job row `j` has one. */
export const withJobKey = (t: string, j: string): string =>
  `(${t}.limits || CASE WHEN ${j}.at_once IS NULL THEN '{}' ELSE jsonb_build_object('@' || ${j}.id, 1) END)`;

/** The limits that the task row `t` was submitted with. */
export const submittedLimits = (t: string): string => `(${t}.limits - coalesce('@' || ${t}.job_id, ''))`;

/**
 * Each limit of `limits`, a jsonb expression: `key`, its `max` (null for a job that has lifted its limit), and the
 * `job` that it belongs to, if it does.
 */
export const limitsOf = (limits: string): string => `
  (SELECT l.key, CASE WHEN l.key LIKE '@%' THEN b.at_once ELSE l.value::int END AS max, b.id AS job
   FROM jsonb_each_text(${limits}) l
   LEFT JOIN jobs b ON b.id = CASE WHEN l.key LIKE '@%' THEN substr(l.key, 2)::uuid END)`;
