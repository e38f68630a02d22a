import { storableSentence } from './storable.js';
import { oneLine } from './text.js';

/** How far a task says that it is. */
export interface Progress {
  /** 0 to 1. */
  readonly value: number;
  readonly message: string | null;
}

const MESSAGE_MAX = 255;
const PATTERN = /^\s*((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(%?)(?:\s+(.*?))?\s*$/;

/** `0.42 epoch 3`, `42% "epoch 3"`: how far, and what for people. Undefined for anything else, such as `42`. */
export function parseProgress(line: string): Progress | undefined {
  const match = PATTERN.exec(line);
  if (!match) return undefined;
  const value = Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1)) return undefined;
  const text = oneLine((match[3] ?? '').replace(/^"(.*)"$/, '$1'));
  return { value, message: text === '' ? null : storableSentence(text, MESSAGE_MAX) };
}
