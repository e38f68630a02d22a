import type { Scope } from '@mitosis/testing';

/** A scope outside of a test: what was set up is undone in reverse order, every step is tried. */
export class UndoStack implements Scope {
  private readonly steps: (() => void | Promise<void>)[] = [];

  teardown(undo: () => void | Promise<void>): void {
    this.steps.push(undo);
  }

  /** Throws the first error, after the last step. */
  async undo(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.steps.splice(0).toReversed()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
