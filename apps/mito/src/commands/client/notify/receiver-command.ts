import { Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import type { ReceiverView } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';
import { UUID } from '../../option-values.js';

/** A command for one receiver: by its name, or by its UUID. */
export abstract class ReceiverCommand extends ApiCommand {
  readonly receiver = Option.String({ name: 'name' });
  readonly group = Option.String('-g,--group', { description: 'a receiver of this group; your own by default' });

  protected async found(api: MitosisClient): Promise<ReceiverView> {
    const receivers = await api.receivers.list(this.group);
    const isWanted = ({ name, uuid }: ReceiverView): boolean =>
      UUID.test(this.receiver) ? uuid === this.receiver.toLowerCase() : name === this.receiver;
    const found = receivers.find(isWanted);
    if (found) return found;
    const whose = this.group === undefined ? 'you have' : `the group "${this.group}" has`;
    const names = receivers.map(({ name }) => name).join(', ');
    const known = names === '' ? '"mito notify add" makes one' : `there is ${names}`;
    throw new MitoError('not-found', 'receiver_not_found', `${whose} no receiver "${this.receiver}"; ${known}`);
  }

  protected async show(receiver: ReceiverView): Promise<void> {
    const { describeReceiver } = await import('../../../output/describe-receiver.js');
    this.print(receiver, describeReceiver);
  }
}
