import { kill } from '../stray-processes.js';

/**
 * Sends a signal to a process group once: a program that is ending in good order on the first SIGTERM
 * may take a second one for impatience. SIGKILL is sent however often it is asked for.
 */
export class GroupSignals {
  readonly #sent = new Set<string>();

  send(group: number, signal: NodeJS.Signals): void {
    const key = `${signal} ${group}`;
    if (signal !== 'SIGKILL' && this.#sent.has(key)) return;
    this.#sent.add(key);
    kill(-group, signal);
  }
}
