import test from 'ava';
import { OfferReport } from './offers.js';

const GPU = { index: 0, model: 'A100', mem_bytes: 1, free_bytes: 1, maker: 'nvidia' };
const OFFER = {
  cpus: 4,
  cores: [3, 1],
  mem_bytes: 1,
  disk_bytes: 1,
  gpus: [{ id: 'a', ...GPU }],
  units: { fpga: ['a'] },
};

test('what a worker offers twice counts once: it could not be given to two', (t) => {
  const twice = {
    ...OFFER,
    cores: [3, 1, 3],
    gpus: [
      { id: 'a', ...GPU },
      { id: 'a', ...GPU, index: 1 },
      { id: 'b', ...GPU },
    ],
    units: { fpga: ['a', 'b', 'a'] },
  };
  const { cores, gpus, units } = OfferReport.parse(twice);
  t.deepEqual(cores, [3, 1]);
  t.deepEqual(
    gpus.map(({ id, index }) => [id, index]),
    [
      ['a', 0],
      ['b', 0],
    ],
  );
  t.deepEqual(units, { fpga: ['a', 'b'] });
});

test('an offer of what no machine has is none', (t) => {
  t.true(OfferReport.safeParse(OFFER).success);
  const many = Array.from({ length: 1025 }, (_, index) => ({ id: String(index), ...GPU }));
  for (const wrong of [
    { cpus: -1 },
    { cpus: 1e9 },
    { mem_bytes: 2 ** 53 },
    { disk_bytes: Number.NaN },
    { gpus: many },
    { units: { UPPER: ['a'] } },
    { units: { a: ['x'.repeat(65)] } },
  ])
    t.false(OfferReport.safeParse({ ...OFFER, ...wrong }).success, JSON.stringify(wrong).slice(0, 60));
});
