import test from 'ava';
import fc from 'fast-check';
import { assign, looseRoom, unitsOf, UNUSED, withHeld, type Assignment, type Usage } from './assign.js';
import { assignmentEnvironment } from './environment.js';
import type { Need } from './need.js';
import { isModel, parseOffers, type Offer } from './offer.js';

const GIB = 2 ** 30;

function gpuOf(index: number, model: string, memory = 80 * GIB) {
  return { id: `GPU-${index}`, index, model, mem_bytes: memory, free_bytes: memory, maker: 'nvidia' as const };
}

const OFFER: Offer = {
  cpus: 4,
  cores: [0, 1, 2, 3],
  mem_bytes: 16 * GIB,
  disk_bytes: 100 * GIB,
  gpus: [gpuOf(0, 'NVIDIA A100-SXM4-80GB'), gpuOf(1, 'NVIDIA A10', 24 * GIB)],
  units: { license: ['1', '2'], fpga: ['a', 'b'] },
};

/** Gives to one need after the other what still fits; the rest is told what is missing. */
function giveAll(offer: Offer, needs: readonly Need[]): { held: Assignment[]; missing: (readonly string[])[] } {
  let usage: Usage = UNUSED;
  const missing: (readonly string[])[] = [];
  for (const need of needs) {
    const fit = assign(offer, usage, [need]);
    if (fit.assignment) usage = withHeld(usage, fit.assignment);
    else missing.push(fit.missing);
  }
  return { held: [...usage.held], missing };
}

test('two attempts get different devices', (t) => {
  const { held, missing } = giveAll(OFFER, [{ gpus: 1 }, { gpus: 1 }, { gpus: 1 }]);
  t.deepEqual(
    held.map(({ gpus }) => gpus.map(({ id }) => id)),
    [['GPU-1'], ['GPU-0']],
  );
  t.deepEqual(missing, [['GPU: 0 free on each of 2']]);
});

test('what nobody offers is missing, whatever it is called', (t) => {
  for (const name of ['constructor', 'valueof', 'fpgas'])
    t.deepEqual(assign(OFFER, UNUSED, [{ units: { [name]: 1 } }]).missing, [`${name}: 0 of 0 free`]);
  const offer: Offer = { ...OFFER, units: { constructor: ['a'] } };
  const { held, missing } = giveAll(offer, [
    { units: { license: 1 } },
    ...[1, 2].map(() => ({ units: { constructor: 1 } })),
  ]);
  t.deepEqual([held.length, missing.at(-1)], [1, ['constructor: 0 of 1 free']]);
});

test('parts fit per device, not by their sum', (t) => {
  const part = { gpus: 0.6 };
  const { held, missing } = giveAll(OFFER, [part, part, part]);
  t.is(held.length, 2);
  t.deepEqual(missing, [['GPU: 0.4 free on each of 2']]);
});

test('three times 0.333 and ten times 0.1 share one device', (t) => {
  const one: Offer = { ...OFFER, cpus: 16, cores: [], gpus: [gpuOf(0, 'A100')] };
  t.is(
    giveAll(
      one,
      Array.from({ length: 3 }, () => ({ gpus: 0.333 })),
    ).held.length,
    3,
  );
  t.is(
    giveAll(
      one,
      Array.from({ length: 11 }, () => ({ gpus: 0.1 })),
    ).held.length,
    10,
  );
});

test('a device that somebody has a part of is not whole', (t) => {
  const one: Offer = { ...OFFER, gpus: [gpuOf(0, 'A100')] };
  t.is(giveAll(one, [{ gpus: 0.1 }, { gpus: 1 }]).missing.length, 1);
});

test('models compare by word', (t) => {
  t.true(isModel('NVIDIA A100-SXM4-80GB', 'a100'));
  t.true(isModel('nvidia_h100_80gb_hbm3', 'H100-80GB'));
  t.false(isModel('NVIDIA A100-SXM4-80GB', 'a10'));
  t.false(isModel('NVIDIA L40S', 'l4'));
  t.is(assign(OFFER, UNUSED, [{ gpus: 1, gpu_model: 'a10' }]).assignment?.gpus[0]?.id, 'GPU-1');
  t.deepEqual(assign(OFFER, UNUSED, [{ gpus: 1, gpu_model: 'l4' }]).missing, ['no GPU l4']);
});

test('memory of a device asks for one with so much free', (t) => {
  t.is(assign(OFFER, UNUSED, [{ gpu_mem_bytes: 40 * GIB }]).assignment?.gpus[0]?.id, 'GPU-0');
  t.truthy(assign(OFFER, UNUSED, [{ gpu_mem_bytes: 90 * GIB }]).missing);
});

test('what asks for no cores counts as one, and those that asked for nothing take cores too', (t) => {
  const fit = assign(OFFER, { held: [], looseCpus: 3 }, [{ units: { license: 1 } }]);
  t.is(fit.assignment?.cpus, 1);
  t.deepEqual(assign(OFFER, { held: [], looseCpus: 3 }, [{ cpus: 2 }]).missing, ['cores: 1 of 4 free']);
  t.is(looseRoom(OFFER, withHeld({ held: [], looseCpus: 1 }, fit.assignment as Assignment)), 2);
});

test('a whole machine is alone on it', (t) => {
  const whole = assign(OFFER, UNUSED, [{ whole_machine: true }]).assignment as Assignment;
  t.is(whole.cpus, 4);
  const usage = withHeld(UNUSED, whole);
  t.truthy(assign(OFFER, usage, [{ cpus: 0 }]).missing);
  t.is(looseRoom(OFFER, usage), 0);
  t.truthy(assign(OFFER, { held: [], looseCpus: 1 }, [{ whole_machine: true }]).missing);
});

test('the first alternative that fits is taken', (t) => {
  const fit = assign(OFFER, UNUSED, [{ gpus: 8 }, { cpus: 4 }]);
  t.is(fit.assignment?.alternative, 1);
  t.is(assign(OFFER, UNUSED, [{ gpus: 8 }, { cpus: 9 }]).missing?.[0], 'GPU: 1 free on each of 2');
});

test('offers are read by name', (t) => {
  t.deepEqual(parseOffers(['license=2,fpga=[a,b]', 'dongle']), {
    license: ['1', '2'],
    fpga: ['a', 'b'],
    dongle: ['1'],
  });
  for (const wrong of ['license=0', 'license=-1', 'x=[a,a]', 'x=[a, ]', '=1', 'Big=1', 'x=1,x=2', 'x=NaN'])
    t.throws(() => parseOffers([wrong]), { code: 'invalid_request', message: /^--offer/ }, wrong);
});

test('exactly what is assigned can be seen; nothing assigned sees nothing', (t) => {
  const { mask, hints, platform } = assignmentEnvironment(
    assign(OFFER, UNUSED, [{ cpus: 2, gpus: 2, mem_bytes: GIB, units: { fpga: 2 } }]).assignment as Assignment,
    'uuid',
  );
  t.deepEqual(mask, { CUDA_VISIBLE_DEVICES: 'GPU-1,GPU-0', ROCR_VISIBLE_DEVICES: '-1' });
  t.is(hints.OMP_NUM_THREADS, '2');
  t.deepEqual(platform, {
    MITO_CPUS: '2',
    MITO_MEM_BYTES: String(GIB),
    MITO_GPUS: 'GPU-1,GPU-0',
    MITO_NEED_FPGA: 'a,b',
  });
  const none = assignmentEnvironment(null, 'index');
  t.deepEqual(none.mask, { CUDA_VISIBLE_DEVICES: '-1', ROCR_VISIBLE_DEVICES: '-1', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
  t.is(none.platform.MITO_GPUS, '');
});

const anyNeed: fc.Arbitrary<Need> = fc.record(
  {
    cpus: fc.integer({ min: 0, max: 5 }),
    mem_bytes: fc.integer({ min: 1, max: 8 }).map((gib) => gib * GIB),
    gpus: fc.oneof(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 999 }).map((part) => part / 1000),
    ),
    disk_bytes: fc.integer({ min: 1, max: 60 }).map((gib) => gib * GIB),
    units: fc.record({ license: fc.integer({ min: 1, max: 3 }) }),
  },
  { requiredKeys: [] },
);

test('whatever is asked for, no unit is held twice and nothing is given that is not there', (t) => {
  const rule = fc.property(fc.array(anyNeed, { maxLength: 12 }), (needs) => {
    const { held } = giveAll(OFFER, needs);
    const shares = new Map<string, number>();
    for (const { unit, thousandths } of held.flatMap(unitsOf)) shares.set(unit, (shares.get(unit) ?? 0) + thousandths);
    const total = (of: (one: Assignment) => number | null): number =>
      held.reduce((all, one) => all + (of(one) ?? 0), 0);
    return (
      [...shares.values()].every((thousandths) => thousandths <= 1000) &&
      total(({ cpus }) => cpus) <= OFFER.cpus &&
      total(({ mem_bytes: bytes }) => bytes) <= OFFER.mem_bytes &&
      total(({ disk_bytes: bytes }) => bytes) <= OFFER.disk_bytes
    );
  });
  t.notThrows(() => fc.assert(rule, { numRuns: 300 }));
});
