import { MitoError } from '@mitosis/domain';
import { operations, TaskFiles, type StreamWish } from '@mitosis/protocol';
import { findRunning, readRunning, type FindRunningDeps } from '../terminals/find-running.js';
import { refusalOf, type StreamHandlers, type TaskStream } from '../terminals/task-stream.js';
import type { TaskStreams } from '../terminals/task-streams.js';
import type { ActorOf, ApiRouter, Call } from './api-router.js';
import { sendPiece } from './output-routes.js';

export interface RunningFileRouteDeps extends FindRunningDeps {
  readonly streams: TaskStreams;
}

/** 10,000 entries with long names. */
const LISTING_BYTES_MAX = 16_777_216;

type Asked = Pick<Call<typeof operations.tasks.files>, 'params' | 'again' | 'whileAllowed'> & {
  readonly actor: ActorOf<typeof operations.tasks.files>;
};

async function openFor(
  deps: RunningFileRouteDeps,
  { actor, params, again, whileAllowed }: Asked,
  wish: StreamWish,
  handlers: StreamHandlers,
): Promise<TaskStream> {
  const place = await findRunning(deps, actor, params.uuid);
  const signal = whileAllowed(async () => readRunning(deps.dataSource, await again(), params.uuid));
  return deps.streams.open(place, wish, handlers, signal);
}

/** The folders of running tasks, read where they are: on the worker. */
export function runningFileRoutes(api: ApiRouter, deps: RunningFileRouteDeps): void {
  api.mount(operations.tasks.files, async (call) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = async (bytes: Buffer): Promise<void> => {
      size += bytes.length;
      if (size > LISTING_BYTES_MAX) throw new MitoError('unavailable', 'stream_lost', 'the listing is too long');
      pieces.push(bytes);
    };
    const stream = await openFor(deps, call, { kind: 'list', path: call.query.path ?? '' }, { onData });
    const { error } = await stream.closed;
    if (error) throw refusalOf(error);
    return TaskFiles.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  });
  api.mountRaw(operations.tasks.file, async (call) => {
    const { res, signal, query } = call;
    let begin!: () => void;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const onData = async (bytes: Buffer): Promise<void> => {
      await begun;
      await sendPiece(res, signal, bytes);
    };
    const wish = { kind: 'read', path: query.path, is_packed: query.packed === 'true' } as const;
    const stream = await openFor(deps, call, wish, { onData });
    const size = stream.sizeBytes === undefined ? {} : { 'Content-Length': String(stream.sizeBytes) };
    res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store', ...size });
    begin();
    const { error } = await stream.closed;
    // Half of a file must not pass for the whole.
    if (error) res.destroy();
    else res.end();
  });
}
