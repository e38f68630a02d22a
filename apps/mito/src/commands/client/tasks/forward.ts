import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';

const PORT = /^(?:(\d{1,5}):)?(\d{1,5})$/;
const LOOPBACK = '127.0.0.1';

function parsePort(text: string, name: string, least: number): number {
  const port = Number(text);
  if (port >= least && port <= 65_535) return port;
  throw invalidField(name, `"${text}" is not a port: use ${least} to 65535`);
}

/** `8888` or `9000:8888`: the port here, and that of the task. */
function parsePorts(text: string): { readonly local: number; readonly remote: number } {
  const [isFound, local, remote = ''] = PORT.exec(text) ?? [];
  if (isFound === undefined) throw invalidField('port', `"${text}" is not [LOCAL:]PORT, for example 6006 or 8080:6006`);
  const port = parsePort(remote, 'port', 1);
  return { remote: port, local: local === undefined ? port : parsePort(local, 'port', 0) };
}

export class TasksForwardCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'forward'],
    ['tasks', 'forward'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'reach a port of a running task from this machine',
    details:
      'Listens on 127.0.0.1 and passes each connection on to PORT on 127.0.0.1 of the worker, where a process of the ' +
      'task has to listen. LOCAL is the port here, the same one unless you say so; 0 takes a free one. It ends with ' +
      'the task, and with Ctrl-C; the task continues. It needs the role write in the group of the task.',
    examples: [
      ['TensorBoard of a training', '$0 tasks forward UUID 6006'],
      ['Jupyter of your newest task, at port 9000 here', '$0 tasks forward @ 9000:8888'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly port = Option.String({ name: '[local:]port' });
  readonly address = Option.String('--address', LOOPBACK, {
    description:
      'address to listen on here; anybody who reaches another one than 127.0.0.1 reaches the port of the task',
  });

  protected async run(): Promise<void> {
    const { Forwarding } = await import('../../../terminal/forwarding.js');
    const { local, remote } = parsePorts(this.port);
    const api = await this.api();
    const forwarding = new Forwarding({
      api,
      uuid: this.uuid,
      remote,
      listen: { host: this.address, port: local },
      note: (text) => this.note(text),
      signal: this.signal,
    });
    await forwarding.run((address) =>
      this.print(
        { address, port: remote, uuid: this.uuid },
        () => `${address} leads to port ${remote} of the task; Ctrl-C ends it`,
      ),
    );
  }
}
