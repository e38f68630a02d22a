/**
 * The one rule of which group's tasks a worker may run, as an SQL condition on the row `alias` of
 * `worker_groups`: the group holds `write` or `admin` on the worker, and whoever gave it that role may write
 * in the group now, or is a site administrator. A person who is locked or deleted may do nothing.
 *
 * Every statement that decides who gets a task, an access to a queue or news of one uses it.
 */
export function servesGroup(alias: string): string {
  return `(${alias}.role IN ('write', 'admin') AND EXISTS (
    SELECT 1 FROM users giver
    LEFT JOIN memberships held ON held.user_id = giver.id AND held.group_id = ${alias}.group_id
    WHERE giver.id = ${alias}.granted_by AND giver.state = 'active'
      AND (held.role IN ('write', 'admin') OR giver.is_admin)))`;
}
