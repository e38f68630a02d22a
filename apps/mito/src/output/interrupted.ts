/** Ctrl-C, or a request to end: said in one word, and answered with the exit code for that. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
