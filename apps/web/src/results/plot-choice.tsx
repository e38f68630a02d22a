import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobResult } from '@mitosis/protocol';
import { Failure } from '../parts/notices.js';
import { Loading, Section } from '../parts/page.js';
import { Boxes, Parallel, Scatter } from './plots.js';
import type { ResultColumn } from './rows.js';
import '../style/charts.css';

const KINDS = ['scatter', 'curves', 'parallel', 'box'] as const;
type Kind = (typeof KINDS)[number];
const NAMES: Readonly<Record<Kind, string>> = {
  scatter: 'Scatter',
  curves: 'Curves',
  parallel: 'Parallel coordinates',
  box: 'Box plot',
};
const PARALLEL_MAX = 9;

/** Plots of the tasks that the table shows. */
export function Plots({
  job,
  rows,
  columns,
}: {
  readonly job: string;
  readonly rows: readonly JobResult[];
  readonly columns: readonly ResultColumn[];
}) {
  const [kind, setKind] = useState<Kind>('scatter');
  const [xKey, setX] = useState<string>();
  const [yKey, setY] = useState<string>();
  const params = columns.filter(({ kind: of }) => of === 'param');
  const metrics = columns.filter(({ kind: of, isNumeric }) => of !== 'param' && isNumeric);
  const x =
    columns.find(({ key }) => key === xKey) ?? params.find(({ isNumeric }) => isNumeric) ?? params[0] ?? columns[0];
  const y = metrics.find(({ key }) => key === yKey) ?? metrics.find(({ label }) => label !== 'step') ?? metrics[0];
  if (!x || !y || rows.length === 0) return null;
  return (
    <Section title="Plots">
      <div class="tabs" role="group" aria-label="Kind of plot">
        {KINDS.map((name) => (
          <button type="button" key={name} aria-pressed={kind === name} onClick={() => setKind(name)}>
            {NAMES[name]}
          </button>
        ))}
        {(kind === 'scatter' || kind === 'box') && (
          <Choice
            label="Across"
            value={x.key}
            columns={kind === 'scatter' ? columns.filter(({ isNumeric }) => isNumeric) : columns}
            onChoice={setX}
          />
        )}
        <Choice label={kind === 'parallel' ? 'Colour' : 'Upwards'} value={y.key} columns={metrics} onChoice={setY} />
      </div>
      <div class="plot-frame" role="region" aria-label="Plot" tabIndex={0}>
        {kind === 'scatter' &&
          (x.isNumeric ? (
            <Scatter rows={rows} x={x} y={y} />
          ) : (
            <p class="dim">{x.label} is text: choose a number, or the box plot.</p>
          ))}
        {kind === 'box' && <Boxes rows={rows} x={x} y={y} />}
        {kind === 'parallel' && <Parallel rows={rows} columns={[...params.slice(0, PARALLEL_MAX - 1), y]} color={y} />}
        {kind === 'curves' && <LazyCurves job={job} metric={y.label} />}
      </div>
    </Section>
  );
}

function Choice({
  label,
  value,
  columns,
  onChoice,
}: {
  readonly label: string;
  readonly value: string;
  readonly columns: readonly ResultColumn[];
  onChoice(key: string): void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoice(currentTarget.value)}>
        {columns.map(({ key, label: name }) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

type CurvesComponent = ComponentType<{ readonly job: string; readonly metric: string }>;

/** The chart library is loaded when somebody looks at curves. */
function LazyCurves(props: { readonly job: string; readonly metric: string }) {
  const [state, setState] = useState<{ Component?: CurvesComponent; error?: unknown }>({});
  useEffect(() => {
    import('./curves.js').then(
      ({ Curves }) => setState({ Component: Curves }),
      (error: unknown) => setState({ error }),
    );
  }, []);
  if (state.error !== undefined) return <Failure error={state.error} />;
  return state.Component ? <state.Component {...props} /> : <Loading what="the curves" />;
}
