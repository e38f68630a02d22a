import test from 'ava';
import { placeable, quartilesOf, scaleOf } from './scale.js';

test('an axis leaves out what has no place, and counts it', (t) => {
  t.deepEqual(placeable([1, NaN, Infinity, -2], false), { shown: [1, -2], left: 2 });
  t.deepEqual(placeable([1, 0, -2], true), { shown: [1], left: 2 });
  const { at, ticks } = scaleOf([0, 10, NaN, Infinity], [0, 100]);
  t.deepEqual([at(0), at(5), at(10)], [0, 50, 100]);
  t.deepEqual(ticks, [0, 5, 10]);
});

test('an axis of one value, or of none, is still an axis', (t) => {
  t.is(scaleOf([3], [0, 100]).at(3), 50);
  t.is(scaleOf([], [0, 100]).ticks.length > 0, true);
  t.deepEqual(scaleOf([0.001, 1000], [0, 6], true).ticks.map(Math.log10).map(Math.round), [-3, -2, -1, 0, 1, 2, 3]);
});

test('quartiles lie between neighbours', (t) => {
  t.deepEqual(quartilesOf([4, 1, 3, 2, NaN]), { low: 1, first: 1.75, median: 2.5, third: 3.25, high: 4 });
});
