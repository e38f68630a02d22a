import { useEffect, useState } from 'preact/hooks';
import { absolute, ago } from '../app/format.js';
import { Store, useStore } from '../app/store.js';

/** The time as the page shows it; one clock for everything that is relative to now. */
const clock = new Store(Date.now());
setInterval(() => void (document.visibilityState === 'visible' && clock.set(Date.now())), 5_000);
document.addEventListener('visibilitychange', () => clock.set(Date.now()));

/** A time relative to now, with the absolute one on hover; nothing for null. */
export function Ago({ at }: { readonly at: string | null }) {
  const now = useStore(clock);
  if (at === null) return <span class="dim">–</span>;
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={absolute(time)} class="nowrap">
      {ago(time, Math.max(now, Date.now()))}
    </time>
  );
}

/** The time now, moving every second while something is timed. */
export function useNow(isMoving: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isMoving]);
  return now;
}
