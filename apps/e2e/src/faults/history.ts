import type pg from 'pg';

/**
 * Writes down each change of a task's state, each change of what was final, and each attempt that was resumed, in
 * tables of the harness: the product's own rows can't tell how often something was committed.
 */
const HISTORY = `
  CREATE TABLE fault_history (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    task uuid NOT NULL,
    what text NOT NULL CHECK (what IN ('moved', 'changed when final', 'attempt resumed',
    'attempt changed after its end')),
    old_state text,
    new_state text,
    attempt integer
  );
  CREATE FUNCTION fault_note_task() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO fault_history (task, what, old_state, new_state, attempt)
    VALUES (NEW.id, CASE WHEN OLD.state IN ('completed', 'failed', 'cancelled') THEN 'changed when final'
    ELSE 'moved' END,
      OLD.state, NEW.state, NEW.attempt);
    RETURN NULL;
  END $$;
  CREATE TRIGGER fault_note_task AFTER UPDATE ON tasks FOR EACH ROW
  WHEN ((OLD.state, OLD.attempt, OLD.exit_code, OLD.reason, OLD.finished_at)
    IS DISTINCT FROM (NEW.state, NEW.attempt, NEW.exit_code, NEW.reason, NEW.finished_at))
  EXECUTE FUNCTION fault_note_task();
  CREATE FUNCTION fault_note_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    -- A lost attempt may be opened again, with its lease, while no other attempt of the task was opened.
    INSERT INTO fault_history (task, what, attempt) VALUES (NEW.task_id, CASE
      WHEN OLD.outcome = 'lost' AND NEW.outcome IS NULL AND NEW.ended_at IS NULL AND NEW.lease = OLD.lease
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task_id = NEW.task_id AND a.number > NEW.number)
      THEN 'attempt resumed' ELSE 'attempt changed after its end' END, NEW.number);
    RETURN NULL;
  END $$;
  CREATE TRIGGER fault_note_attempt AFTER UPDATE ON attempts FOR EACH ROW
  WHEN (OLD.ended_at IS NOT NULL AND (OLD.outcome, OLD.exit_code, OLD.ended_at, OLD.lease_until)
    IS DISTINCT FROM (NEW.outcome, NEW.exit_code, NEW.ended_at, NEW.lease_until))
  EXECUTE FUNCTION fault_note_attempt();`;

export async function keepHistory(db: pg.Pool): Promise<void> {
  await db.query(HISTORY);
}
