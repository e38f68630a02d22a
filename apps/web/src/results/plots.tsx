import { cutText } from '@mitosis/domain';
import type { JobResult } from '@mitosis/protocol';
import { figure } from '../app/format.js';
import { href } from '../app/router.js';
import { ACROSS, Axes, HEIGHT, LeftOut, UPWARDS, WIDTH } from './axes.js';
import type { ResultColumn } from './rows.js';
import { quartilesOf, scaleOf } from './scale.js';

interface PlotProps {
  readonly rows: readonly JobResult[];
  readonly x: ResultColumn;
  readonly y: ResultColumn;
}

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const describe = ({ params }: JobResult): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');

/** One point for each task. */
export function Scatter({ rows, x, y }: PlotProps) {
  const points = rows.flatMap((row) => {
    const [left, up] = [x.valueOf(row), y.valueOf(row)];
    return isFiniteNumber(left) && isFiniteNumber(up) ? [{ row, left, up }] : [];
  });
  const lefts = points.map(({ left }) => left);
  // Values spread over decades get a logarithmic axis.
  const isLog = lefts.length > 2 && Math.min(...lefts) > 0 && Math.max(...lefts) / Math.min(...lefts) >= 100;
  const across = scaleOf(lefts, ACROSS, isLog);
  const upwards = scaleOf(
    points.map(({ up }) => up),
    UPWARDS,
  );
  return (
    <>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="figure"
        aria-label={`${y.label} by ${x.label}, ${points.length} tasks`}
      >
        <Axes x={across} y={upwards} xLabel={isLog ? `${x.label} (logarithmic)` : x.label} yLabel={y.label} />
        {points.map(({ row, left, up }) => (
          <a key={row.task} href={href(['task', row.task])} tabindex={-1} aria-hidden="true">
            <circle class={`dot dot-${row.state}`} cx={across.at(left)} cy={upwards.at(up)} r="4.5">
              <title>{`${describe(row)}: ${y.label} ${figure(up)}`}</title>
            </circle>
          </a>
        ))}
      </svg>
      <LeftOut count={rows.length - points.length} />
    </>
  );
}

/** The spread of a metric for each value of a parameter. */
export function Boxes({ rows, x, y }: PlotProps) {
  const groups = new Map<string, number[]>();
  let left = 0;
  for (const row of rows) {
    const [key, value] = [x.valueOf(row), y.valueOf(row)];
    if (key === undefined || !isFiniteNumber(value)) left += 1;
    else groups.set(String(key), [...(groups.get(String(key)) ?? []), value]);
  }
  const names = [...groups.keys()]
    .sort((a, b) => (x.isNumeric ? Number(a) - Number(b) : a.localeCompare(b)))
    .slice(0, 24);
  const upwards = scaleOf([...groups.values()].flat(), UPWARDS);
  const step = (ACROSS[1] - ACROSS[0]) / Math.max(names.length, 1);
  const half = Math.min(step * 0.3, 28);
  return (
    <>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Spread of ${y.label} for each ${x.label}`}
      >
        <Axes y={upwards} xLabel={x.label} yLabel={y.label} />
        {names.map((name, index) => {
          const values = groups.get(name) ?? [];
          const { low, first, median, third, high } = quartilesOf(values);
          const middle = ACROSS[0] + step * (index + 0.5);
          return (
            <g key={name} class="box">
              <title>
                {`${x.label}=${name}: ${values.length} tasks, median ${figure(median)}, ${figure(low)} to ` +
                  `${figure(high)}`}
              </title>
              <line x1={middle} x2={middle} y1={upwards.at(low)} y2={upwards.at(high)} />
              <rect
                x={middle - half}
                width={half * 2}
                y={upwards.at(third)}
                height={Math.max(upwards.at(first) - upwards.at(third), 1)}
              />
              <line
                class="median"
                x1={middle - half}
                x2={middle + half}
                y1={upwards.at(median)}
                y2={upwards.at(median)}
              />
              <text x={middle} y={UPWARDS[0] + 16} text-anchor="middle">
                {cutText(name, 10, '…')}
              </text>
            </g>
          );
        })}
      </svg>
      <LeftOut count={left} />
    </>
  );
}

/** One line for each task through all parameters to the metric. */
export function Parallel({
  rows,
  columns,
  color,
}: {
  readonly rows: readonly JobResult[];
  readonly columns: readonly ResultColumn[];
  readonly color: ResultColumn;
}) {
  const axes = columns.map((column, index) => {
    const words = column.isNumeric
      ? undefined
      : [...new Set(rows.map((row) => String(column.valueOf(row) ?? '')))].sort();
    const numbers = rows.map(column.valueOf).filter(isFiniteNumber);
    const isLog = numbers.length > 2 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 100;
    const scale = scaleOf(words ? words.map((_, at) => at) : numbers, [HEIGHT - 28, 36], isLog);
    const valueAt = (row: JobResult): number | undefined => {
      const value = column.valueOf(row);
      if (words) return scale.at(words.indexOf(String(value ?? '')));
      return isFiniteNumber(value) && (!isLog || value > 0) ? scale.at(value) : undefined;
    };
    const x = 40 + (index * (WIDTH - 90)) / Math.max(columns.length - 1, 1);
    return { column, words, scale, valueAt, x };
  });
  const shade = scaleOf(rows.map(color.valueOf).filter(isFiniteNumber), [0, 1]);
  const lines = rows.flatMap((row) => {
    const places = axes.map(({ x, valueAt }) => [x, valueAt(row)] as const);
    const value = color.valueOf(row);
    if (places.some(([, y]) => y === undefined) || !isFiniteNumber(value)) return [];
    return [{ row, shade: shade.at(value), path: places.map(([x, y]) => `${x},${y}`).join(' ') }];
  });
  return (
    <>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${lines.length} tasks: ${columns.map(({ label }) => label).join(', ')}`}
      >
        {lines.map(({ row, shade: part, path }) => (
          <polyline
            key={row.task}
            class="thread"
            points={path}
            style={{ stroke: `color-mix(in oklab, var(--busy) ${Math.round((1 - part) * 100)}%, var(--bad))` }}
          >
            <title>{describe(row)}</title>
          </polyline>
        ))}
        {axes.map(({ column, words, scale, x }) => (
          <g key={column.key} class="axes">
            <line class="axis" x1={x} x2={x} y1={36} y2={HEIGHT - 28} />
            <text class="axis-name" x={x} y={20} text-anchor="middle">
              {cutText(column.label, Math.max(8, Math.floor(90 / axes.length)), '…')}
            </text>
            {(words
              ? words.map((word, at) => [at, word] as const)
              : scale.ticks.map((tick) => [tick, figure(tick)] as const)
            )
              .slice(0, 12)
              .map(([at, text]) => (
                <text key={text} x={x + 5} y={scale.at(at) + 4}>
                  {text}
                </text>
              ))}
          </g>
        ))}
      </svg>
      <p class="dim">
        Blue: low {color.label}; red: high {color.label}.
      </p>
      <LeftOut count={rows.length - lines.length} />
    </>
  );
}
