import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { onChange, type LiveChange } from '../app/live.js';
import { ApiError, call, messageOf } from './call.js';

export interface Loaded<T> {
  /** What was read last; it stays while something newer is read. */
  readonly data: T | undefined;
  /** Of the last try, when that failed. */
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

export interface UseApiOptions {
  /** Reads again after such a change, at most once per `LIVE_MS`. */
  readonly isConcerned?: ((change: LiveChange) => boolean) | undefined;
  /** Reads again after this time, while the page is visible. */
  readonly everyMs?: number | undefined;
}

/** Between two reads that changes have caused. */
const LIVE_MS = 1_000;

/** Reads `path` now, whenever it changes and whenever something relevant happens; nothing while it is undefined. */
export function useApi<T>(path: string | undefined, { isConcerned, everyMs }: UseApiOptions = {}): Loaded<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ApiError; isLoading: boolean }>({
    isLoading: path !== undefined,
  });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const concerned = useRef(isConcerned);
  concerned.current = isConcerned;

  useEffect(() => {
    if (path === undefined) return setState({ isLoading: false });
    const controller = new AbortController();
    setState((old) => (old.path === path ? { ...old, isLoading: true } : { isLoading: true }));
    call<T>('GET', path, { signal: controller.signal }).then(
      (data) => setState({ path, data, isLoading: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const failure = error instanceof ApiError ? error : new ApiError(0, 'failed', messageOf(error));
        setState((old) => ({ ...old, path, error: failure, isLoading: false }));
      },
    );
    return () => controller.abort();
  }, [path, round]);

  useEffect(
    () => throttled(reload, (hear) => onChange((change) => void (concerned.current?.(change) && hear()))),
    [reload],
  );
  useEffect(() => (everyMs === undefined ? undefined : whileVisible(reload, everyMs)), [everyMs, reload]);
  const isPresent = state.path === path;
  return {
    data: isPresent ? state.data : undefined,
    error: isPresent ? state.error : undefined,
    isLoading: state.isLoading || !isPresent,
    reload,
  };
}

/** Calls `act` soon after the first of many calls, and once more after the last. */
function throttled(act: () => void, subscribe: (hear: () => void) => () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let actedAt = 0;
  const off = subscribe(() => {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        actedAt = performance.now();
        act();
      },
      Math.max(50, LIVE_MS - (performance.now() - actedAt)),
    );
  });
  return () => (off(), clearTimeout(timer));
}

/** Calls `act` every `ms` while somebody can see it, and as soon as somebody can again. */
export function whileVisible(act: () => void, ms: number): () => void {
  const timer = setInterval(() => void (document.visibilityState === 'visible' && act()), ms);
  const look = (): void => void (document.visibilityState === 'visible' && act());
  document.addEventListener('visibilitychange', look);
  return () => (clearInterval(timer), document.removeEventListener('visibilitychange', look));
}
