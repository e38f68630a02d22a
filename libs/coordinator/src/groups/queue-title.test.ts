import test from 'ava';
import { queueName } from '@mitosis/domain';
import { describeQueue, queueTitle } from './queue-title.js';

const reads = test.macro({
  exec: (t, name: string, title: string, description: string) => {
    t.is(queueTitle(name), title);
    t.is(describeQueue(name), description);
  },
  title: (_, name: string, title: string) => `${name} reads "${title}"`,
});

test(reads, queueName('vision', []), 'vision', 'Tasks of vision for any of its workers');
test(
  reads,
  queueName('vision', ['gpu', 'cuda12.1']),
  'vision: cuda12.1, gpu',
  'Tasks of vision for workers with cuda12.1, gpu',
);
test(
  reads,
  queueName('vision', [], 'wasm'),
  'vision (WebAssembly)',
  'WebAssembly tasks of vision for any of its workers',
);
test(reads, queueName('vision', ['wasm']), 'vision: wasm', 'Tasks of vision for workers with wasm');
test(
  reads,
  queueName('vision', ['gpu'], 'wasm'),
  'vision (WebAssembly): gpu',
  'WebAssembly tasks of vision for workers with gpu',
);
