import { z } from 'zod';
import { LIMIT_SOURCES } from '@mitosis/domain';
import { LIMITS } from './fields.js';

/** How long an attempt of a task may take, and when it is followed by another one: part of a submission. */
export const TIME_SHAPE = {
  /**
   * Time limit of each attempt. When absent: the default of the group or the deployment, if there is one. When null:
   * none, or the longest that these allow.
   */
  timeout_ms: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
  /** When absent: the default of the group or the deployment, else 0. */
  retries: z.int().min(0).max(LIMITS.retries).optional(),
  /** When absent: the default of the group or the deployment, else 5 seconds. */
  retry_delay_ms: z.int().min(0).max(LIMITS.retryDelayMs).optional(),
  /** Exit codes that are worth a retry; empty means any failure is. */
  retry_exit_codes: z.array(z.int().min(1).max(255)).max(255).default([]),
};

/** The same, as it is shown. */
export const TIME_VIEW = {
  /** Time limit of each attempt; none when null. */
  timeout_ms: z.int().nullable(),
  retries: z.int(),
  retry_delay_ms: z.int(),
  retry_exit_codes: z.array(z.int()),
};

/** What the receipt of a task says of its time limit; absent in the response to a repeated request of before. */
export const TIME_RECEIPT = {
  /** None when null. */
  timeout_ms: z.int().nullable().optional(),
  /** Who has set it. */
  timeout_from: z.enum(LIMIT_SOURCES).optional(),
};
