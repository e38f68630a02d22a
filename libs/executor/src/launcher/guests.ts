/** A program, as far as its host has to know it. */
interface GuestAttempt {
  pids(): number[];
  stop(stop: { readonly outcome: 'cancelled'; readonly message: string }, graceMs: number): void;
}

interface Guest {
  readonly attempt: GuestAttempt;
  readonly ended: Promise<unknown>;
}

/** The programs that run beside the one of an attempt: they end before it does. */
export class Guests {
  readonly #running = new Set<Guest>();
  #isClosed = false;

  /** False when the attempt is ending: the guest is not to be started. */
  add(attempt: GuestAttempt, run: () => Promise<unknown>): boolean {
    if (this.#isClosed) return false;
    const guest = { attempt, ended: run().finally(() => this.#running.delete(guest)) };
    this.#running.add(guest);
    return true;
  }

  pids(): number[] {
    return [...this.#running].flatMap(({ attempt }) => attempt.pids());
  }

  /** Ends all of them, takes no more, and waits until they are gone. */
  async end(): Promise<void> {
    this.#isClosed = true;
    const guests = [...this.#running];
    for (const { attempt } of guests) attempt.stop({ outcome: 'cancelled', message: 'The task has ended' }, 0);
    await Promise.all(guests.map(({ ended }) => ended));
  }
}
