interface Flight {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * When many want the same done at the same time, one does it and all wait for it. It is broken off
 * only when nobody waits.
 */
export class SingleFlight {
  private readonly flights = new Map<string, Flight>();

  /** Whether somebody does it now. */
  has(key: string): boolean {
    return this.flights.has(key);
  }

  /** Rejects with the signal's reason when it fires first, and as `work` does otherwise. */
  async run(key: string, signal: AbortSignal, work: (shared: AbortSignal) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const flight = this.flights.get(key) ?? this.depart(key, work);
    flight.waiting += 1;
    let leave = (): void => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      await Promise.race([flight.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) this.breakOff(key, flight);
    }
  }

  private depart(key: string, work: (shared: AbortSignal) => Promise<void>): Flight {
    const controller = new AbortController();
    const flight = { done: work(controller.signal), controller, waiting: 0 };
    this.flights.set(key, flight);
    return flight;
  }

  /** A caller that comes from now on starts a new flight. */
  private breakOff(key: string, flight: Flight): void {
    if (this.flights.get(key) === flight) this.flights.delete(key);
    flight.controller.abort(new Error('nobody waits for it'));
  }
}
