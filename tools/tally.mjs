import { stripVTControlCharacters } from 'node:util';

/** Ava's closing lines, as Nx passes them on: `@mitosis/queue:   12 tests passed`. */
const SUMMARY =
  /^(?:\S+:)?\s+(\d+) (tests?|hooks?|uncaught exceptions?|unhandled rejections?)(?: (passed|failed|remained pending))?/;

/** A line that names a test or a file that failed: `@mitosis/e2e:   ✘ [fail]: files.e2e › a title`. */
const FAILURE =
  /^(?:(\S+):)?\s+(?:✘ \[fail\]: (.+)|(?:✘ .*|Uncaught exception in |\d+ tests were pending in )(dist\/\S+\.test\.js).*)$/;

const PASS = /^(?:(\S+):)?\s+✔ /;

/** Nx's list at the end of a run: `- @mitosis/e2e:test`. */
const FAILED_TASK = /^\s*- (\S+):test$/;

/** Adds up the results of ava runs from their output. */
export class Tally {
  failed = 0;
  /** Tests that passed, by project. Ava sums them up only when nothing failed, so its lines are counted. */
  #passed = new Map();
  /** What failed, by project: titles as ava prints them, and files of the package (`dist/….test.js`). */
  failures = new Map();
  /** The projects whose tests ended with another code than 0. */
  failedProjects = new Set();

  get passed() {
    return [...this.#passed.values()].reduce((sum, count) => sum + count, 0);
  }

  read(line) {
    const plain = stripVTControlCharacters(line);
    const [, project = '', title, file] = FAILURE.exec(plain) ?? [];
    if (title !== undefined || file !== undefined) {
      const known = this.failures.get(project) ?? new Set();
      this.failures.set(project, known.add(title ?? file));
    }
    const [, failedProject] = FAILED_TASK.exec(plain) ?? [];
    if (failedProject !== undefined) this.failedProjects.add(failedProject);
    const [passing, name = ''] = PASS.exec(plain) ?? [];
    if (passing !== undefined) this.#passed.set(name, (this.#passed.get(name) ?? 0) + 1);
    const [, count, what, verdict] = SUMMARY.exec(plain) ?? [];
    if (count !== undefined && (verdict === 'failed' || verdict === 'remained pending' || what.startsWith('un')))
      this.failed += Number(count);
  }
}
