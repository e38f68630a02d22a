import { z } from 'zod';
import { AttemptNumber, Uuid } from './fields.js';

/** Of a pseudo terminal, in characters. */
export const TerminalSize = z.strictObject({ cols: z.int().min(1).max(65_535), rows: z.int().min(1).max(65_535) });
export type TerminalSize = z.output<typeof TerminalSize>;

/** What is typed in one message, before base64. */
export const TYPED_BYTES_MAX = 16_384;

const TypedText = z
  .base64()
  .max(Math.ceil(TYPED_BYTES_MAX / 3) * 4, `must not be longer than ${TYPED_BYTES_MAX} bytes`);

/** The body of `POST /tasks/:uuid/terminal`: gives the terminal of a running task a size. */
export const OpenTerminal = TerminalSize.extend({
  /** How long to wait for the task to start. */
  wait_ms: z.int().min(0).max(60_000).default(0),
  /** Have a program that fills its screen draw it again, after `offset`. */
  redraw: z.boolean().default(false),
});
export type OpenTerminal = z.output<typeof OpenTerminal>;
export type OpenTerminalInput = z.input<typeof OpenTerminal>;

/** `offset`: how much the running attempt had printed, as bytes of its frames. */
export const TerminalOpened = z.object({ attempt: z.int(), offset: z.int() });
export type TerminalOpened = z.output<typeof TerminalOpened>;

/**
 * The body of `POST /tasks/:uuid/terminal/input`. `offset` counts the bytes that were typed in this
 * `session` on this attempt before: what was taken is not typed again when the request is repeated.
 */
export const TypeInTerminal = z.strictObject({
  attempt: AttemptNumber,
  session: Uuid,
  offset: z.int().min(0),
  data_base64: TypedText,
});
export type TypeInTerminal = z.output<typeof TypeInTerminal>;

/** `taken`: how many bytes of the session the terminal has taken by now. */
export const TypedInTerminal = z.object({ taken: z.int() });
export type TypedInTerminal = z.output<typeof TypedInTerminal>;

/** Why a terminal did not do what was asked. */
export const TERMINAL_REFUSALS = ['no_terminal', 'terminal_ended', 'input_gap'] as const;
export type TerminalRefusal = (typeof TERMINAL_REFUSALS)[number];
