import type { QueueAccess } from './queue-backend.js';
import type { QueueCredentials } from './queue-config.js';

/** Workers whose deliveries come over the coordinator: they get no access to the queues, and there is none to end. */
export class ChannelAccess implements QueueAccess {
  readonly connection = 'coordinator';

  async grant(): Promise<QueueCredentials> {
    return { kind: 'coordinator' };
  }

  async revoke(): Promise<void> {}
}
