import { anySignal } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { Follows } from './follows.js';

/** Where the output of an attempt is: on its worker while it runs, then in its row or in the store. */
export interface AttemptOutput {
  readonly task: string;
  readonly number: number;
  readonly worker_id: string;
  readonly is_open: boolean;
  readonly output_inline: Buffer | null;
  readonly output_key: string | null;
}

/** Hands over the frames of an output from byte `from` on; returns early when `onChunk` returns false. */
export type FrameSource = (
  from: number,
  onChunk: (frames: Buffer) => boolean | Promise<boolean>,
  signal: AbortSignal,
) => Promise<void>;

/** Reads what an attempt has printed so far. What it prints meanwhile is left for the next reading. */
export function frameSource(
  { follows, store }: { readonly follows: Follows; readonly store: ObjectStore },
  output: AttemptOutput,
): FrameSource {
  return async (from, onChunk, signal) => {
    if (output.is_open) {
      const enough = new AbortController();
      const take = async (frames: Buffer): Promise<void> => {
        if (!enough.signal.aborted && !(await onChunk(frames))) enough.abort();
      };
      const attempt = { task: output.task, attempt: output.number };
      const until = anySignal([signal, enough.signal]);
      return follows.follow(output.worker_id, attempt, { from, isSnapshot: true }, take, until);
    }
    if (output.output_inline) {
      if (from < output.output_inline.length) await onChunk(output.output_inline.subarray(from));
      return;
    }
    if (output.output_key === null) return;
    const info = await store.head(output.output_key);
    if (!info || info.sizeBytes <= from) return;
    const { body } = await store.get(output.output_key, { range: { start: from } });
    for await (const chunk of body) if (signal.aborted || !(await onChunk(chunk))) break;
  };
}
