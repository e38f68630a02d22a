import test from 'ava';
import { ThinnedRows } from './thin-metrics.js';

const LIMITS = { rows: 1000, bytes: 65_536 };

function thin(count: number, rowOf: (index: number) => Record<string, unknown>) {
  const thinned = new ThinnedRows(LIMITS);
  for (let index = 0; index < count; index += 1) {
    const row = rowOf(index);
    thinned.add(row, JSON.stringify(row).length);
  }
  return thinned;
}

const bytesOf = (rows: readonly object[]): number => rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0);

test('within the limits every row stays, in its order', (t) => {
  const { rows, total } = thin(1000, (step) => ({ step }));
  t.deepEqual(
    rows,
    Array.from({ length: 1000 }, (_, step) => ({ step })),
  );
  t.is(total, 1000);
});

test('a curve of 100,000 steps keeps its spike, its first and its last point, and points all along', (t) => {
  const { rows, total } = thin(100_000, (step) => ({ step, loss: step === 61_803 ? 1e9 : 1 / (step + 1) }));
  t.is(total, 100_000);
  t.true(rows.length > 100 && rows.length <= LIMITS.rows);
  t.true(bytesOf(rows) <= LIMITS.bytes);
  t.true(rows.some(({ step, loss }) => step === 61_803 && loss === 1e9));
  t.is(rows[0]?.['step'], 0);
  t.is(rows.at(-1)?.['step'], 99_999);
  const steps = rows.map(({ step }) => Number(step));
  const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0));
  t.true(
    gaps.every((gap) => gap > 0 && gap <= 2_048),
    String(Math.max(...gaps)),
  );
});

test('the last, least and greatest value of each field are those of all rows', (t) => {
  const valueOf = (index: number): number => Math.sin(index * 12.9898) * 43_758.5453;
  const rowOf = (index: number): Record<string, unknown> => ({
    step: index % 700,
    loss: valueOf(index),
    ...(index % 997 === 5 && { accuracy: valueOf(index + 1), note: `at ${index}` }),
    ...(index === 1_234 && { loss: 'NaN' }),
    ...(index === 2_345 && { worst: 'Infinity' }),
  });
  const { rows } = thin(20_000, rowOf);
  const all = Array.from({ length: 20_000 }, (_, index) => rowOf(index));
  for (const name of ['step', 'loss', 'accuracy', 'worst', 'note']) {
    const values = (of: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
      of.flatMap((row) => (row[name] === undefined ? [] : [row[name]]));
    t.is(values(rows).at(-1), values(all).at(-1), name);
    const numbers = (of: typeof all): number[] =>
      values(of)
        .map(Number)
        .filter((value) => !Number.isNaN(value));
    t.is(Math.max(...numbers(rows)), Math.max(...numbers(all)), name);
    t.is(Math.min(...numbers(rows)), Math.min(...numbers(all)), name);
  }
});

test('rows of any kind stay within the limits', (t) => {
  const many = thin(3_000, (index) => ({ [`m${index}`]: index, step: index }));
  t.true(many.rows.length <= LIMITS.rows && many.rows.length > 0);
  const long = thin(300, (index) => ({ step: index, text: 'x'.repeat(20_000) }));
  t.true(bytesOf(long.rows) <= LIMITS.bytes && long.rows.length > 0);
  t.is(long.rows.at(-1)?.['step'], 299);
  const wide = thin(2_000, (index) =>
    Object.fromEntries(Array.from({ length: 60 }, (_, name) => [`m${name}`, (index * (name + 7)) % 1013])),
  );
  t.true(bytesOf(wide.rows) <= LIMITS.bytes && wide.rows.length > 0);
  t.deepEqual(thin(0, () => ({})).rows, []);
});
