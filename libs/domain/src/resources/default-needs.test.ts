import test from 'ava';
import { withDefaultNeeds, type Need, type NeedDefaults } from '../index.js';

const fills = test.macro({
  exec: (t, needs: Need[], defaults: NeedDefaults, expected: Need[]) =>
    t.deepEqual(withDefaultNeeds(needs, defaults), expected),
  title: (_, needs, defaults) => `${JSON.stringify(needs)} in a group with ${JSON.stringify(defaults)}`,
});
const none = { cpus: null, mem_bytes: null };
const both = { cpus: 2, mem_bytes: 100 };
test(fills, [], none, []);
test(fills, [{ gpus: 1 }], none, [{ gpus: 1 }]);
test(fills, [], both, [{ cpus: 2, mem_bytes: 100 }]);
test(fills, [], { cpus: null, mem_bytes: 100 }, [{ mem_bytes: 100 }]);
test(fills, [{ cpus: 8 }, { gpus: 1, mem_bytes: 5 }], both, [
  { cpus: 8, mem_bytes: 100 },
  { cpus: 2, gpus: 1, mem_bytes: 5 },
]);
test(fills, [{ cpus: 0 }], both, [{ cpus: 0, mem_bytes: 100 }]);
test(fills, [{ cpus: undefined }], both, [{ cpus: 2, mem_bytes: 100 }]);
test(fills, [{ whole_machine: true }], both, [{ whole_machine: true }]);
