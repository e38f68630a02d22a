import { EVENTS_MAX, HISTORY_COUNT } from '../job-form.js';
import type { QueueSchema } from './queue-schema.js';

const LOCK_MAX_MS = 600_000;
const STALLED_CHECK_MIN_MS = 100;
/** BullMQ looks through all finished jobs of a queue to bound them: a quarter of what it does for a job, so only each of so many does it. */
const RETENTION_EVERY = 10;

/**
 * What a consumer may do, as functions with the names and parameters of BullMQ's own, so that its
 * PostgreSQL backend runs on them unchanged: they come first on the consumer's `search_path`. Each
 * runs with the coordinator's rights after it has checked that the caller's login may serve the
 * queue's group, so a worker needs no right on any table. They take the time from the database
 * instead of the caller (a worker whose clock is ahead would take away locks that are held) and
 * decide about history and limits themselves.
 */
export function workerSchemaSql({ bullmq, worker }: QueueSchema): string {
  const define = (signature: string, returns: string, body: string): string => `
    CREATE OR REPLACE FUNCTION "${worker}".${signature} RETURNS ${returns} LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = "${bullmq}", pg_temp AS $$
    BEGIN
      PERFORM "${worker}".check_access(p_queue);
      ${body}
    END $$;`;
  const keep = `false, NULL, CASE WHEN random() * ${RETENTION_EVERY} < 1 THEN ${HISTORY_COUNT} END`;
  return `
    CREATE SCHEMA IF NOT EXISTS "${worker}";
    CREATE TABLE IF NOT EXISTS "${worker}".worker_group (
      login name NOT NULL,
      group_name text NOT NULL,
      PRIMARY KEY (login, group_name)
    );
    -- Each login that was given out; one with a time is revoked, and its role is not dropped yet.
    CREATE TABLE IF NOT EXISTS "${worker}".worker_login (
      login name PRIMARY KEY,
      revoked_at timestamptz,
      trouble text
    );
    CREATE UNLOGGED TABLE IF NOT EXISTS "${worker}".bus_message (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      body text NOT NULL,
      sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE OR REPLACE FUNCTION "${worker}".check_access(p_queue text) RETURNS void LANGUAGE plpgsql
    STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      -- Here current_user is the owner, the coordinator's role: it may serve every group.
      IF session_user = current_user OR EXISTS (
        SELECT 1 FROM "${worker}".worker_group
         WHERE login = session_user AND group_name = split_part(p_queue, '~', 1)
      ) THEN RETURN; END IF;
      RAISE EXCEPTION 'this login does not serve the queue "%"', p_queue USING ERRCODE = '42501';
    END $$;
    CREATE OR REPLACE FUNCTION "${worker}".now_ms() RETURNS bigint LANGUAGE sql
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;
    ${define(
      `move_to_active(p_queue text, p_token text, p_lock_ms bigint, p_now bigint, p_name text,
        p_limiter_max integer, p_limiter_duration bigint)`,
      `SETOF "${bullmq}".job`,
      `RETURN QUERY SELECT * FROM move_to_active(p_queue, p_token, LEAST(p_lock_ms, ${LOCK_MAX_MS}),
        "${worker}".now_ms(), left(p_name, 200), NULL, NULL);`,
    )}
    ${define(
      'next_signal(p_queue text, p_limiter_max integer, p_now bigint)',
      'TABLE (rate_limit_ttl bigint, next_delay bigint)',
      'RETURN QUERY SELECT 0::bigint, NULL::bigint;',
    )}
    ${define(
      `move_to_completed(p_queue text, p_id text, p_token text, p_return_value jsonb, p_finished_on bigint,
        p_remove_all boolean, p_keep_age bigint, p_keep_count integer)`,
      'bigint',
      `RETURN move_to_completed(p_queue, p_id, p_token, NULL, "${worker}".now_ms(), ${keep});`,
    )}
    ${define(
      `move_to_failed(p_queue text, p_id text, p_token text, p_failed_reason text, p_stacktrace jsonb,
        p_finished_on bigint, p_remove_all boolean, p_keep_age bigint, p_keep_count integer)`,
      'bigint',
      `RETURN move_to_failed(p_queue, p_id, p_token, left(p_failed_reason, 1000), NULL,
        "${worker}".now_ms(), ${keep});`,
    )}
    ${define(
      'extend_locks(p_queue text, p_ids text[], p_tokens text[], p_lock_ms bigint)',
      'SETOF text',
      `RETURN QUERY SELECT held.id FROM unnest(p_ids, p_tokens) AS held(id, token)
        WHERE extend_lock(p_queue, held.id, held.token, LEAST(p_lock_ms, ${LOCK_MAX_MS}),
          "${worker}".now_ms()) = 0;`,
    )}
    ${define(
      `move_stalled_jobs_to_wait(p_queue text, p_max_stalled integer, p_now bigint, p_max_check_time bigint)`,
      'SETOF text',
      `RETURN QUERY SELECT * FROM move_stalled_jobs_to_wait(p_queue, 1000000, "${worker}".now_ms(),
        GREATEST(p_max_check_time, ${STALLED_CHECK_MIN_MS}));`,
    )}
    GRANT USAGE ON SCHEMA "${worker}" TO PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA "${worker}" FROM PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "${worker}" TO PUBLIC;
    REVOKE ALL ON SCHEMA "${bullmq}" FROM PUBLIC;
    -- Defaults (the first before PostgreSQL 15); a mere warning where the object is somebody else's.
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;`;
}

/** Marks a queue as in use; its event history is bounded by the same row. */
export function registerSql({ bullmq }: QueueSchema): string {
  return `INSERT INTO "${bullmq}".meta (queue, field, value) VALUES ($1, 'opts.maxLenEvents', '${EVENTS_MAX}')
    ON CONFLICT (queue, field) DO UPDATE SET value = EXCLUDED.value WHERE meta.value <> EXCLUDED.value`;
}
