import type { Readable, Writable } from 'node:stream';
import type { MitosisClient, TaskSocket } from '@mitosis/client';
import { anySignal } from '@mitosis/domain';
import type { StreamClosed } from '@mitosis/protocol';
import { abortOnInterrupt } from '../output/interrupted.js';
import { writeOut } from '../output/write-out.js';
import { OwnTerminal, sizeOf } from './own-terminal.js';

export interface RunBesideOptions {
  readonly args: readonly string[];
  readonly streams: { readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable };
  readonly hasTerminal: boolean;
  readonly hasInput: boolean;
  readonly term: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Of keys that were typed and have not left yet. */
const WAITING_MAX = 1_048_576;

/** Joins this process and a command beside a running task until that ends; throws `Interrupted` after Ctrl-C. */
export async function runBeside(api: MitosisClient, uuid: string, options: RunBesideOptions): Promise<StreamClosed> {
  const { args, streams, hasTerminal, term } = options;
  const { stdin, stdout, stderr } = streams;
  if (hasTerminal) OwnTerminal.check('-it', stdin, stdout);
  const left = new AbortController();
  const stopListening = abortOnInterrupt(left);
  const signal = options.signal ? anySignal([options.signal, left.signal]) : left.signal;
  let release = (): void => undefined;
  try {
    const onData = async (bytes: Buffer, channel: 'stdout' | 'stderr'): Promise<void> =>
      void (await writeOut(channel === 'stderr' ? stderr : stdout, bytes, signal));
    const command = {
      args,
      term: /^[\w.+-]{1,64}$/.exec(term ?? '')?.[0],
      ...(hasTerminal && { pty: sizeOf(stdout) }),
    };
    const socket = await api.running.exec(uuid, command, { signal, onData });
    if (hasTerminal) release = joinTerminal(socket, stdin, stdout);
    else if (options.hasInput) release = feed(socket, stdin);
    else socket.finish();
    return await socket.ended;
  } finally {
    release();
    stopListening();
  }
}

function joinTerminal(socket: TaskSocket, stdin: Readable, stdout: Writable): () => void {
  let waiting = 0;
  const terminal = new OwnTerminal(stdin, stdout, {
    onKeys: (keys) => {
      waiting += keys.length;
      if (waiting > WAITING_MAX) terminal.setDeaf(true);
      void socket.write(keys).then(() => {
        waiting -= keys.length;
        if (waiting === 0) terminal.setDeaf(false);
      });
    },
    onResize: (size) => socket.resize(size),
  });
  return () => terminal.release();
}

/** Sends what is read here, at the pace of the command, and its end. */
function feed(socket: TaskSocket, stdin: Readable): () => void {
  const onData = (bytes: Buffer): void => {
    stdin.pause();
    void socket.write(bytes).then(() => isReading && stdin.resume());
  };
  const onEnd = (): void => socket.finish();
  let isReading = true;
  stdin.on('data', onData).once('end', onEnd).once('error', onEnd);
  return () => {
    isReading = false;
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
  };
}
