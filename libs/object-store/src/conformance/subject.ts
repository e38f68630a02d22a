import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { TestFn } from 'ava';
import type { ObjectStore } from '../object-store.js';

/** What the conformance suites need of a store under test; read when the tests run. */
export interface Subject {
  readonly store: ObjectStore;
  /** The same bytes through another instance, as after a restart. */
  readonly reopened: ObjectStore;
  /** The same bytes through an instance whose clock is an hour behind. */
  readonly late: ObjectStore;
  /** What relative signed URLs are resolved against. */
  readonly origin: string;
  /** Names of files being written; none when nothing is under way. */
  temporaries(): Promise<readonly string[]>;
}

export type Suite = (test: TestFn['serial'], subject: Subject) => void;

/** A key prefix no other test uses. */
export function freshPrefix(): string {
  return `t/${randomBytes(8).toString('hex')}/`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** `count` times the same chunk, then, if given, an error. */
export async function* repeated(
  chunk: Uint8Array,
  count: number,
  error?: Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; index < count; index += 1) yield chunk;
  if (error) throw error;
}

/** Everything a failed or unfinished transfer could have left under a prefix. */
export async function leftovers({ store, temporaries }: Subject, prefix: string): Promise<unknown[]> {
  return [
    ...(await collect(store.list(prefix))),
    ...(await collect(store.multipart.unfinished(prefix))),
    ...(await temporaries()),
  ];
}
