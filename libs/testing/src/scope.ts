/** Whatever can undo something at its end; an ava test's `t` is one. */
export interface Scope {
  teardown(undo: () => void | Promise<void>): void;
}

interface TestFile {
  readonly after: { always(run: () => Promise<void>): void };
}

/**
 * A scope that ends with the test file, for what `test.before` sets up (ava allows `t.teardown` in
 * tests only): `const file = fileScope(test)` at the top of the file. Undoes in reverse order; every
 * step is tried, the first error fails the file.
 */
export function fileScope(test: TestFile): Scope {
  const steps: (() => void | Promise<void>)[] = [];
  test.after.always(async () => {
    const errors: unknown[] = [];
    for (const undo of steps.reverse()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
  return { teardown: (undo) => void steps.push(undo) };
}
