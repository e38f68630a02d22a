import { cutText } from '@mitosis/domain';
import { figure } from '../app/format.js';
import type { Scale } from './scale.js';

export const WIDTH = 640;
export const HEIGHT = 320;
/** Room for the marks of the axes. */
export const LEFT = 64;
export const BOTTOM = 40;
const TOP = 12;
const RIGHT = 16;
/** Letters of the names that have room along an axis. */
const X_LABEL_MAX = 70;
const Y_LABEL_MAX = 34;

export const ACROSS: readonly [number, number] = [LEFT, WIDTH - RIGHT];
export const UPWARDS: readonly [number, number] = [HEIGHT - BOTTOM, TOP];

/** The two axes of a plot, with their marks and names. */
export function Axes({
  x,
  y,
  xLabel,
  yLabel,
}: {
  readonly x?: Scale;
  readonly y: Scale;
  readonly xLabel: string;
  readonly yLabel: string;
}) {
  return (
    <g class="axes">
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={LEFT - 6} y={y.at(tick) + 4} text-anchor="end">
            {figure(tick)}
          </text>
        </g>
      ))}
      {x?.ticks.map((tick) => (
        <text key={tick} x={x.at(tick)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
          {figure(tick)}
        </text>
      ))}
      <text class="axis-name" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} text-anchor="middle">
        {cutText(xLabel, X_LABEL_MAX, '…')}
      </text>
      <text class="axis-name" transform={`translate(12 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">
        {cutText(yLabel, Y_LABEL_MAX, '…')}
      </text>
    </g>
  );
}

/** How many tasks a plot does not show, and why. */
export function LeftOut({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <p class="dim">
      {count} {count === 1 ? 'task is' : 'tasks are'} not in this plot: without a value, NaN or infinite.
    </p>
  );
}
