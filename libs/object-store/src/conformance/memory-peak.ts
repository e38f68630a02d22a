import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Watches how far the memory held in buffers grows from now on; old garbage is collected first. */
export function memoryPeak(): { readonly stop: () => number } {
  collectGarbage();
  const buffers = (): number => process.memoryUsage().arrayBuffers;
  const before = buffers();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, buffers())), 5);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.max(peak, buffers()) - before;
    },
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
