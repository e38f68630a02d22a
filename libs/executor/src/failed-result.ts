import { cutText } from '@mitosis/domain';
import type { ExecutionResult } from './execution.js';

/** Longest message of a result, in characters. */
export const MESSAGE_LENGTH_MAX = 4096;

/** The result of an attempt of which there is nothing to tell but the reason. */
export function failedResult(outcome: 'spawn_failed' | 'worker_error' | 'cancelled', message: string): ExecutionResult {
  return {
    outcome,
    exitCode: null,
    signal: null,
    message: cutText(message, MESSAGE_LENGTH_MAX),
    wallMs: 0,
    userCpuMs: null,
    systemCpuMs: null,
    peakRssBytes: null,
    outputBytes: 0,
    outputTruncated: false,
  };
}
