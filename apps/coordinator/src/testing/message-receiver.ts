import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '@mitosis/testing';

export interface ReceivedMessage {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: Date;
}

/** An HTTP server that notifications are sent to. */
export interface MessageReceiver {
  readonly url: string;
  readonly messages: ReceivedMessage[];
  /** Status of the next responses; undefined: it never responds. */
  status: number | undefined;
}

export async function messageReceiver(scope: Scope): Promise<MessageReceiver> {
  const messages: ReceivedMessage[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      messages.push({ headers: req.headers, body, at: new Date() });
      if (receiver.status !== undefined) res.writeHead(receiver.status).end('what the receiver says');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const receiver: MessageReceiver = { url: `http://127.0.0.1:${port}/secret/path`, messages, status: 204 };
  return receiver;
}
