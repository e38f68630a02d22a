import test from 'ava';
import { suggestOptions, type AskedAndUsed } from '../index.js';

const GIB = 2 ** 30;
const used: AskedAndUsed = {
  evidence: 5,
  cpusUsedMax: 1.9,
  memAskedBytes: 16 * GIB,
  peakMaxBytes: GIB,
  limitMs: null,
  maxMs: 60_000,
  outOfMemory: 0,
  timedOut: 0,
};

const suggests = test.macro({
  exec: (t, change: Partial<AskedAndUsed>, options: string) =>
    t.is(suggestOptions({ ...used, ...change }).join(' '), options),
  title: (_, change) => `the options after ${JSON.stringify(change)}`,
});
test(suggests, {}, '--cpus 2 --mem 1.2GiB');
test(suggests, { cpusUsedMax: 0.02, peakMaxBytes: 1 }, '--cpus 1 --mem 32MiB');
test(suggests, { cpusUsedMax: 4.05 }, '--cpus 4 --mem 1.2GiB');
test(suggests, { cpusUsedMax: null, peakMaxBytes: null }, '');
test(suggests, { limitMs: 7_200_000, maxMs: 1_200_000 }, '--cpus 2 --mem 1.2GiB --timeout 30m');
test(suggests, { limitMs: 7_200_000, maxMs: 7_200_000, timedOut: 1 }, '--cpus 2 --mem 1.2GiB --timeout 4h');
test(suggests, { outOfMemory: 2 }, '--cpus 2 --mem 32GiB');
test(suggests, { evidence: 0 }, '');
test(suggests, { evidence: 0, outOfMemory: 1 }, '--mem 32GiB');
