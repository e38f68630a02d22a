import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Watches how far the memory held in buffers grows above its lowest from now on; old garbage is collected first. */
export function memoryPeak(): { readonly stop: () => number } {
  collectGarbage();
  let lowest = Infinity;
  let growth = 0;
  const look = (): void => {
    const now = process.memoryUsage().arrayBuffers;
    lowest = Math.min(lowest, now);
    growth = Math.max(growth, now - lowest);
  };
  look();
  const timer = setInterval(look, 5);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return growth;
    },
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
