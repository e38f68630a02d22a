import test from 'ava';
import { LEASE_MAX_MS, LEASE_MIN_MS, presenceOf } from './index.js';

test('a worker may miss three heartbeats before its lease ends, whatever the lease', (t) => {
  for (const leaseMs of [LEASE_MIN_MS, 4_001, 15_000, 60_000, LEASE_MAX_MS]) {
    const { heartbeatMs, silentMs } = presenceOf(leaseMs);
    t.true(heartbeatMs * 3 <= leaseMs);
    t.is(silentMs, heartbeatMs * 3);
  }
});

test('a long lease does not make a silent worker look alive', (t) => {
  t.deepEqual(presenceOf(15_000), { leaseMs: 15_000, heartbeatMs: 5_000, silentMs: 15_000 });
  t.is(presenceOf(600_000).silentMs, 15_000);
});
