import { MitoError } from '@mitosis/domain';

interface Waiting {
  readonly resolve: (outputBytes: number) => void;
  readonly reject: (error: MitoError) => void;
}

export function noTerminal(): MitoError {
  return new MitoError('conflict', 'no_terminal', 'The program runs in no terminal');
}

export function executionEnded(): MitoError {
  return new MitoError('conflict', 'execution_ended', 'The program has ended, or was not started yet');
}

/** What was handed to the terminal of one program and not answered yet. */
export class TerminalRequests {
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  ask(send: (request: number) => void): Promise<number> {
    const request = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      send(request);
    });
  }

  /** Without a size of the output nothing was taken. */
  answer(request: number, outputBytes: number | undefined): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (outputBytes === undefined) waiting?.reject(executionEnded());
    else waiting?.resolve(outputBytes);
  }

  /** Whatever waits will get no answer. */
  end(): void {
    for (const request of [...this.#waiting.keys()]) this.answer(request, undefined);
  }
}
