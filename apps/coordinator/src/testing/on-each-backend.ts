import type { ExecutionContext, TestFn } from 'ava';
import { fileScope } from '@mitosis/testing';
import { BACKENDS, coordinatorFixture, type Backend, type CoordinatorFixture } from './coordinator-fixture.js';

export interface EachBackend {
  /** Declares the test once for each backend of the queues, each with the coordinator of this file that has it. */
  onEachBackend(title: string, body: (t: ExecutionContext, coordinator: CoordinatorFixture) => Promise<void>): void;
  /** The coordinator of this file on one backend. */
  of(backend: Backend): CoordinatorFixture;
}

/** A coordinator on each backend, with these settings, for the tests of one file. */
export function eachBackend(test: TestFn, settings: Readonly<Record<string, unknown>> = {}): EachBackend {
  const file = fileScope(test);
  const fixtures = new Map<Backend, CoordinatorFixture>();
  const of = (backend: Backend): CoordinatorFixture => fixtures.get(backend) as CoordinatorFixture;
  test.before(async () => {
    for (const backend of BACKENDS) fixtures.set(backend, await coordinatorFixture(file, backend, settings));
  });
  return {
    onEachBackend: (title, body) => {
      for (const backend of BACKENDS) test(`${backend}: ${title}`, (t) => body(t, of(backend)));
    },
    of,
  };
}
