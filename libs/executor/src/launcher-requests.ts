import { MitoError } from '@mitosis/domain';

export function noTerminal(): MitoError {
  return new MitoError('conflict', 'no_terminal', 'The program runs in no terminal');
}

export function noGuests(message: string): MitoError {
  return new MitoError('conflict', 'no_guests', message);
}

export function executionEnded(): MitoError {
  return new MitoError('conflict', 'execution_ended', 'The program has ended, or was not started yet');
}

interface Waiting<T> {
  readonly resolve: (answer: T) => void;
  readonly reject: (error: MitoError) => void;
}

/** What the launcher was asked about one program and has not answered yet. */
export class LauncherRequests<T> {
  readonly #waiting = new Map<number, Waiting<T>>();
  #asked = 0;

  ask(send: (request: number) => void): Promise<T> {
    const request = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      send(request);
    });
  }

  /** Undefined: the program takes nothing, or has ended. */
  answer(request: number, answer: T | undefined): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (answer === undefined) waiting?.reject(executionEnded());
    else waiting?.resolve(answer);
  }

  /** Whatever waits will get no answer. */
  end(): void {
    for (const request of [...this.#waiting.keys()]) this.answer(request, undefined);
  }
}
