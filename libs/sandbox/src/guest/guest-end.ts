import type { GuestFailure } from './frame.js';

/** Thrown through the guest to end it. */
export class GuestEnd extends Error {}

/**
 * How the guest has ended, once it has. The first end counts: a guest may catch what is thrown
 * through it, so every later host call throws again, and the end stays what it was.
 */
export class GuestFate {
  exitCode: number | null = null;
  failure: { readonly reason: GuestFailure; readonly message: string } | undefined = undefined;
  #isEnded = false;

  exit(code: number): never {
    this.check();
    this.exitCode = code;
    return this.#end();
  }

  fail(reason: GuestFailure, message: string): never {
    this.check();
    this.failure = { reason, message };
    return this.#end();
  }

  /** To be called at the start of every host call. */
  check(): void {
    if (this.#isEnded) throw new GuestEnd('the guest has ended');
  }

  #end(): never {
    this.#isEnded = true;
    throw new GuestEnd('the guest has ended');
  }
}
