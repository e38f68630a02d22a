import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { s3Server, type Scope } from '@mitosis/testing';

/** One request that reached the object store. */
export interface StoreRequest {
  readonly method: string;
  /** Of the object, without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly range: string | undefined;
  /** 0 until it is answered. */
  status: number;
  receivedBytes: number;
  sentBytes: number;
}

/** A real S3 server behind an address at which every request is seen. */
export interface WatchedStore {
  readonly settings: Readonly<Record<string, string>>;
  readonly requests: readonly StoreRequest[];
}

export async function watchedStore(scope: Scope): Promise<WatchedStore> {
  const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server(scope);
  const requests: StoreRequest[] = [];
  const server = createServer((req, res) => {
    const seen = describe(req);
    requests.push(seen);
    pass(new URL(endpoint).port, seen, req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.teardown(() => (server.closeAllConnections(), void server.close()));
  const settings = {
    MITO_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    MITO_S3_REGION: region,
    MITO_S3_ACCESS_KEY: accessKeyId,
    MITO_S3_SECRET_KEY: secretAccessKey,
  };
  return { settings, requests };
}

function describe({ method = '', url = '', headers }: IncomingMessage): StoreRequest {
  const { pathname, searchParams: query } = new URL(url, 'http://store');
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  return { method, key, query, range: headers.range, status: 0, receivedBytes: 0, sentBytes: 0 };
}

/** The host stays as it is: it is part of what was signed. */
function pass(port: string, seen: StoreRequest, req: IncomingMessage, res: ServerResponse): void {
  const headers = { ...req.headers, connection: 'close' };
  const onward = request({ host: '127.0.0.1', port, method: req.method, path: req.url, headers, agent: false });
  const end = (): void => {
    onward.destroy();
    res.destroy();
  };
  // Swift responds to HEAD with an empty chunk, which is an error after the response.
  onward.on('error', () => seen.status === 0 && end());
  onward.on('response', (answer) => {
    seen.status = answer.statusCode ?? 0;
    const { connection: _, ...rest } = answer.headers;
    res.writeHead(seen.status, rest);
    answer.on('data', (chunk: Buffer) => (seen.sentBytes += chunk.length)).on('error', end);
    answer.pipe(res);
  });
  req
    .on('data', (chunk: Buffer) => (seen.receivedBytes += chunk.length))
    .on('error', end)
    .on('aborted', end);
  res.on('error', end).on('close', () => void onward.destroy());
  req.pipe(onward);
}
