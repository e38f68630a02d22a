import test from 'ava';
import { assign, UNUSED, type Assignment } from './assign.js';
import type { Need } from './need.js';
import type { Offer } from './offer.js';
import { maySlipIn, startsBy, type RunningHold } from './reserve.js';

const OFFER: Offer = {
  cpus: 4,
  cores: [],
  mem_bytes: 2 ** 34,
  disk_bytes: 0,
  gpus: [],
  units: { license: ['1', '2'] },
};

const held = (need: Need): Assignment => assign(OFFER, UNUSED, [need]).assignment as Assignment;
const running = (need: Need, startedAt: number, endsAt: number): RunningHold => ({
  assigned: held(need),
  startedAt,
  endsAt,
});
const reserved = { task: 't', needs: [{ whole_machine: true }], since: 100 };
const base = { offer: OFFER, now: 110, looseCpus: 1, reserved };

test('a reserved task starts when the last one that is in its way has ended', (t) => {
  const two = [running({ cpus: 1 }, 0, 500), running({ cpus: 1 }, 0, 300)];
  t.is(startsBy(OFFER, two, reserved, 1), 500);
  t.is(startsBy(OFFER, two, { ...reserved, needs: [{ cpus: 3 }] }, 1), 300);
  t.is(startsBy(OFFER, [], reserved, 1), 0);
  t.is(startsBy(OFFER, [running({ cpus: 1 }, 0, Infinity)], reserved, 1), Infinity);
});

test('what ends in time slips in, what may run for longer does not', (t) => {
  const one = [running({ cpus: 1 }, 0, 500)];
  const candidate = (timeoutMs: number | null) => ({ assigned: held({ cpus: 1 }), timeoutMs });
  t.true(maySlipIn({ ...base, running: one, candidate: candidate(390) }));
  t.false(maySlipIn({ ...base, running: one, candidate: candidate(391) }));
  t.false(maySlipIn({ ...base, running: one, candidate: candidate(null) }), 'without a limit nothing is known');
});

test('what leaves room for the reserved task slips in, and no more than that', (t) => {
  const three = { ...reserved, needs: [{ cpus: 3 }] };
  const early = running({ cpus: 3 }, 0, Infinity);
  const candidate = { assigned: held({ cpus: 1 }), timeoutMs: null };
  t.true(maySlipIn({ ...base, reserved: three, running: [early], candidate }));
  const slipped = running({ cpus: 1 }, 105, Infinity);
  t.false(maySlipIn({ ...base, reserved: three, running: [early, slipped], candidate }));
  t.false(
    maySlipIn({ ...base, reserved: three, running: [early, slipped], candidate: { assigned: null, timeoutMs: null } }),
    'a task that asked for nothing counts as one core',
  );
});
