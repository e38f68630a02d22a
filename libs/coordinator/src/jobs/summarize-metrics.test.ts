import test from 'ava';
import { summarizeMetrics } from './summarize-metrics.js';

test('a metric is summarized by its last, least and greatest value', (t) => {
  t.deepEqual(
    summarizeMetrics([
      { step: 1, loss: 3 },
      { step: 2, loss: 1 },
      { step: 3, loss: 2, note: 'x' },
    ]),
    {
      step: { last: 3, min: 1, max: 3, count: 3 },
      loss: { last: 2, min: 1, max: 3, count: 3 },
    },
  );
});

test('NaN and infinities are values; NaN is neither the least nor the greatest', (t) => {
  t.deepEqual(summarizeMetrics([{ loss: 'NaN' }, { loss: 2 }, { loss: '-Infinity' }, { loss: 'NaN' }]), {
    loss: { last: 'NaN', min: '-Infinity', max: 2, count: 4 },
  });
  t.deepEqual(summarizeMetrics([{ loss: 'NaN' }]), { loss: { last: 'NaN', min: 'NaN', max: 'NaN', count: 1 } });
  t.deepEqual(summarizeMetrics([]), {});
});
