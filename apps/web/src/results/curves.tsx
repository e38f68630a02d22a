import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { ownValue } from '@mitosis/domain';
import type { JobResult, JobResultPage } from '@mitosis/protocol';
import { part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { Failure } from '../parts/notices.js';
import { Loading } from '../parts/page.js';
import { numberOf } from './rows.js';
import 'uplot/dist/uPlot.min.css';

const TASKS = 60;
const HUES = 12;

/** `step` when the rows have one, otherwise the number of the row. */
function curveOf(rows: JobResult['metrics'], metric: string): [x: number[], y: (number | null)[]] {
  const byStep = new Map<number, number | null>();
  for (const [index, row] of rows.entries()) {
    const value = numberOf(ownValue(row, metric));
    if (value === undefined) continue;
    // Of equal steps the last one counts.
    byStep.set(numberOf(row['step']) ?? index, Number.isFinite(value) ? value : null);
  }
  const steps = [...byStep.keys()].filter(Number.isFinite).sort((a, b) => a - b);
  return [steps, steps.map((step) => byStep.get(step) ?? null)];
}

/** A metric over the steps, one curve for each task. */
export function Curves({ job, metric }: { readonly job: string; readonly metric: string }) {
  const { data, error } = useApi<JobResultPage>(`jobs/${part(job)}/results?limit=${TASKS}`);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element || !data) return;
    const plot = draw(element, data.results, metric);
    const observer = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: 300 }));
    observer.observe(element);
    return () => (observer.disconnect(), plot?.destroy());
  }, [data, metric]);
  if (error) return <Failure error={error} />;
  if (!data) return <Loading what="the curves" />;
  return (
    <>
      <div class="curves" ref={frame} role="img" aria-label={`${metric} over the steps, one curve for each task`} />
      {data.next !== null && (
        <p class="dim">The curves of the first {TASKS} tasks. Drag to look at a range, double-click for all of it.</p>
      )}
    </>
  );
}

function draw(element: HTMLElement, results: readonly JobResult[], metric: string): uPlot | undefined {
  const curves = results
    .map((row) => ({ row, curve: curveOf(row.metrics, metric) }))
    .filter(({ curve }) => curve[0].length > 0);
  if (curves.length === 0) return undefined;
  const data = uPlot.join(curves.map(({ curve }) => curve as uPlot.AlignedData));
  const ink = getComputedStyle(document.documentElement).getPropertyValue('--dim');
  const line = getComputedStyle(document.documentElement).getPropertyValue('--line');
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return new uPlot(
    {
      width: element.clientWidth,
      height: 300,
      legend: { show: curves.length <= HUES },
      scales: { x: { time: false } },
      axes: [
        { ...axis, label: 'step', labelSize: 20 },
        { ...axis, label: metric, labelSize: 20, size: 70 },
      ],
      series: [
        { label: 'step' },
        ...curves.map(({ row }, index) => ({
          label: Object.values(row.params).map(String).join(' ') || String(row.index),
          stroke: `oklch(0.6 0.14 ${(index * 360) / curves.length})`,
          width: 1.5,
          spanGaps: true,
        })),
      ],
    },
    data,
    element,
  );
}
