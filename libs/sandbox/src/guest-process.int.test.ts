import test from 'ava';
import { capMemory } from './cap-memory.js';
import { GuestProcess } from './guest-process.js';
import { ToChild, ToSandbox, type RunOrder, type RunReport } from './guest/frame.js';
import { planLaunch } from './launch-plan.js';
import { RecordingLog, sha256 } from './testing/run-program.js';
import { buildProgram, dataAt, forever } from './testing/wasm-builder.js';

const log = new RecordingLog();

function orderOf(program: Uint8Array, deadlineMs: number): Buffer {
  const limits = { memoryPages: 16, outputLimitBytes: 1000, fileLimitBytes: 1000, deadlineMs };
  const order: RunOrder = { sha256: sha256(program), args: [], env: [], isStdinPulled: false, files: [], ...limits };
  const json = Buffer.from(JSON.stringify(order));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json]);
}

const day = Buffer.alloc(48);
day.writeBigUInt64LE(86_400_000_000_000n, 24);
const programs = {
  'computes without end': buildProgram({ body: () => forever([]) }),
  'sleeps without end': buildProgram({
    data: [dataAt(1024, day)],
    body: (p) => forever(p.run('poll_oneoff', 1024, 2048, 1, 16)),
  }),
};

for (const [name, program] of Object.entries(programs)) {
  test(`where the kernel does not end a process with its owner, a deadline ends a program that ${name}`, async (t) => {
    const guest = await GuestProcess.start(await planLaunch(), log);
    t.teardown(() => guest.kill());
    guest.send(ToChild.run, orderOf(program, 200));
    t.is((await guest.frames.next())?.type, ToSandbox.needProgram);
    guest.send(ToChild.program, capMemory(program, 16));
    const frame = await guest.frames.next();
    t.is(frame?.type, ToSandbox.done);
    t.is((JSON.parse(frame?.payload.toString() ?? '{}') as RunReport).reason, 'deadline');
  });
}

test('a command that is not a process of ours is an error that says so', async (t) => {
  const plan = {
    command: process.execPath,
    args: ['-e', 'console.error("no idea")'],
    hasOwnNetwork: false,
    diesWithParent: false,
  };
  await t.throwsAsync(GuestProcess.start(plan, log), { code: 'sandbox_unavailable' });
  await t.throwsAsync(GuestProcess.start({ ...plan, command: '/nonexistent' }, log), { code: 'sandbox_unavailable' });
});
