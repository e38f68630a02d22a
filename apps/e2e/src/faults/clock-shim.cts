// Preloaded (`node --require`) into a process whose clock is to be wrong by MITO_FAULTS_CLOCK_MS.
const offsetMs = Number(process.env.MITO_FAULTS_CLOCK_MS ?? 0);
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    // Every other form names a moment; it means the same on any clock.
    else super(...(args as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
