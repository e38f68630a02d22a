export interface Fault {
  readonly kind: string;
  /** What it was done to. */
  readonly target: string;
  /** On this machine's clock, in ms. */
  readonly at: number;
}

/** What was done to the system, in order. A run without any tested nothing. */
export class FaultLog {
  private readonly faults: Fault[] = [];

  add(kind: string, target: string): void {
    this.faults.push({ kind, target, at: Date.now() });
  }

  get all(): readonly Fault[] {
    return this.faults;
  }

  get count(): number {
    return this.faults.length;
  }

  /** How often each kind was injected. */
  get byKind(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.faults) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }
}
