import type { MultipartUploads, ObjectStore } from '@mitosis/object-store';
import type { CoordinatorMetrics } from './coordinator-metrics.js';

/** The calls that move bytes, or allow somebody to. */
const WITH_BYTES: ReadonlySet<string> = new Set(['put', 'get', 'signPut', 'multipart.begin']);

/** The same store, every call of which that returns a promise is counted. */
export function meteredStore(store: ObjectStore, metrics: Pick<CoordinatorMetrics, 'storeCalled'>): ObjectStore {
  const multipart: MultipartUploads = metered(store.multipart, 'multipart.', metrics);
  return new Proxy(metered(store, '', metrics), {
    get: (target, name) => (name === 'multipart' ? multipart : Reflect.get(target, name)),
  });
}

function metered<T extends object>(target: T, prefix: string, metrics: Pick<CoordinatorMetrics, 'storeCalled'>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || typeof name === 'symbol') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (result instanceof Promise) watch(result, `${prefix}${name}`, args, metrics);
        return result;
      };
    },
  });
}

function watch(
  result: Promise<unknown>,
  operation: string,
  args: unknown[],
  metrics: Pick<CoordinatorMetrics, 'storeCalled'>,
): void {
  result.then(
    (answer) =>
      metrics.storeCalled(operation, 'ok', WITH_BYTES.has(operation) ? (sizeIn(answer) ?? sizeIn(args[1]) ?? 0) : 0),
    () => metrics.storeCalled(operation, 'error', 0),
  );
}

/** The `sizeBytes` of what was stored, or of what is going to be. */
function sizeIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('sizeBytes' in value)) return undefined;
  return typeof value.sizeBytes === 'number' ? value.sizeBytes : undefined;
}
