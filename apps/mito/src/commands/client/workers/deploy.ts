import { Command, Option } from 'clipanion';
import { checkAddress, MitoError, parseDuration } from '@mitosis/domain';
import { joinPlace } from '../../../join/join-line.js';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';

/** Hosts at a time. */
const PARALLEL = 8;

export class WorkersDeployCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'deploy'],
    ['workers', 'deploy'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'make other machines workers over ssh',
    details:
      'Does on each host what the line of `mito workers enroll` does, and waits until its worker has registered. It ' +
      'uses the `ssh` of this machine, with your ~/.ssh/config and without asking for passwords. Where the host runs ' +
      'systemd the worker becomes a unit; otherwise it runs in the background until the next reboot.',
    examples: [
      ['Two machines with GPUs', '$0 workers deploy alice@node1 alice@node2 --tags gpu --slots 4'],
      ['They are workers no more', '$0 workers deploy alice@node1 alice@node2 --remove'],
    ],
  });

  readonly hosts = Option.Rest({ name: 'host', required: 1 });
  readonly groups = Option.Array('-g,--groups', { description: 'groups whose tasks run there; your own by default' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'what the workers can do' });
  readonly slots = Option.String('--slots', { description: 'tasks at once on each; one for each core by default' });
  readonly address = Option.String('--address', {
    description: 'address of the coordinator for the other machines, when that is another one',
  });
  readonly upgrade = Option.Boolean('--upgrade', false, {
    description: 'install the version of the coordinator; the settings of the workers stay',
  });
  readonly remove = Option.Boolean('--remove', false, {
    description: 'stop the workers and remove what was installed',
  });

  protected async run(): Promise<number> {
    const { assertHosts, joinCommands, REMOVE_COMMANDS, runOn } = await import('../../../join/deploy.js');
    const hosts = [...new Set(this.hosts)];
    assertHosts(hosts);
    const commands = this.remove ? REMOVE_COMMANDS : joinCommands(await this.parts(hosts.length));
    let failed = 0;
    const waiting = [...hosts];
    const work = async (): Promise<void> => {
      for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
        const done = await runOn(host, commands, this.signal);
        if (!done.ok) failed += 1;
        this.print(done, ({ host: name, ok, said }) => `${name}  ${ok ? said : `FAILED: ${said}`}`);
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, hosts.length) }, work));
    return failed === 0 ? EXIT_OK : EXIT_FAILED;
  }

  /** One code for all hosts. */
  private async parts(uses: number) {
    const settings = await this.settings();
    const asked = this.address === undefined ? undefined : checkAddress(this.address, '--address');
    const enrolment = await (
      await this.api()
    ).access.createEnrolment({
      ...(this.groups && { groups: splitList(this.groups, '--groups') }),
      uses,
      expires_in_ms: parseDuration('1h', 'expires'),
    });
    const used = { used: settings.coordinator_addr, usedPin: settings.pin };
    const place = await joinPlace({ asked, said: enrolment, ...used });
    if (!place) {
      const message =
        `other machines can't reach the coordinator at ${settings.coordinator_addr} with TLS: ` +
        'start it with "mito up --listen ADDRESS", or name its https:// address with --address';
      throw new MitoError('invalid', 'no_join_address', message);
    }
    const options = [
      ...this.tags.flatMap((tag) => ['--tags', tag]),
      ...(this.slots === undefined ? [] : ['--slots', this.slots]),
      ...(this.upgrade ? ['--upgrade'] : []),
    ];
    return { ...place, code: enrolment.code, options };
  }
}
