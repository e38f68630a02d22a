import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Scope } from '@mitosis/testing';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  /** Headers and text as they came over the line. */
  readonly data: string;
}

/** An SMTP server (RFC 5321, the commands that a client without extensions sends) that keeps what it gets. */
export interface MailServer {
  readonly url: string;
  readonly mails: ReceivedMail[];
  /** The response to each mail; undefined: none, not even a greeting. */
  answer: string | undefined;
}

/** Understands one client. */
function serve(socket: Socket, server: MailServer): void {
  let [pending, data, from, to] = ['', undefined as string | undefined, '', ''];
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const endMail = (text: string): void => {
    const answer = server.answer ?? '451 not now';
    if (answer.startsWith('250')) server.mails.push({ from, to, data: text });
    data = undefined;
    say(answer);
  };
  const take = (line: string): void => {
    if (data !== undefined) return line === '.' ? endMail(data) : void (data += `${line.replace(/^\./, '')}\n`);
    const [, verb = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (verb === 'MAIL') from = rest;
    if (verb === 'RCPT') to = rest;
    if (verb === 'DATA') {
      data = '';
      return say('354 continue');
    }
    if (verb === 'QUIT') return void socket.end('221 bye\r\n');
    say('250 ok');
  };
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending += chunk.toString();
    const lines = pending.split('\r\n');
    pending = lines.pop() ?? '';
    lines.forEach(take);
  });
  if (server.answer !== undefined) say('220 here');
}

export async function mailServer(scope: Scope): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, result);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const result: MailServer = {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails: [],
    answer: '250 taken',
  };
  scope.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return result;
}
