import type { MitosisClient, OpenTerminalOptions } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import type { TerminalOpened, TerminalSize } from '@mitosis/protocol';

const WAIT_FIRST_MS = 1_000;
const WAIT_MS = 25_000;

/** True for an error of the API with one of these codes. */
export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof MitoError && codes.includes(error.code);

/** The terminal of a task as soon as it runs, however long that takes; undefined when the task has ended. */
export async function awaitTerminal(
  api: MitosisClient,
  uuid: string,
  size: TerminalSize,
  { redraw, signal, onWait }: Pick<OpenTerminalOptions, 'redraw' | 'signal'> & { onWait(): void },
): Promise<TerminalOpened | undefined> {
  for (let waitMs = WAIT_FIRST_MS; ; waitMs = WAIT_MS) {
    try {
      return await api.terminals.open(uuid, size, { waitMs, ...(redraw && { redraw }), signal });
    } catch (error) {
      if (hasCode(error, 'terminal_ended')) return undefined;
      if (!hasCode(error, 'not_running')) throw error;
      if (waitMs === WAIT_FIRST_MS) onWait();
    }
  }
}
