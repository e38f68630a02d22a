import { stripVTControlCharacters } from 'node:util';

/** Ava's closing lines, as Nx passes them on: `@mitosis/queue:   12 tests passed`. */
const SUMMARY = /^(?:\S+:)?\s+(\d+) (tests?|hooks?|uncaught exceptions?|unhandled rejections?)(?: (passed|failed))?$/;

/** Adds up the results of ava runs from their output. */
export class Tally {
  passed = 0;
  failed = 0;

  read(line) {
    const [, count, what, verdict] = SUMMARY.exec(stripVTControlCharacters(line)) ?? [];
    if (count === undefined) return;
    if (verdict === 'passed') this.passed += Number(count);
    else if (verdict === 'failed' || what.startsWith('un')) this.failed += Number(count);
  }
}
