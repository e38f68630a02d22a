import { isDeepStrictEqual } from 'node:util';
import type { Log, Offer, Service } from '@mitosis/domain';
import { chooseOffer, detectHost, type DetectedHost, type DetectOptions, type OfferChoice } from '@mitosis/executor';
import type { EnforcesView, FromWorker } from '@mitosis/protocol';

export interface HostOfferOptions extends DetectOptions {
  readonly machine: string;
  readonly place: string;
  readonly choice: OfferChoice;
  readonly enforces: EnforcesView;
  readonly log: Log;
}

type OfferMessage = Extract<FromWorker, { type: 'offer' }>;

/** A device may vanish, and others use its memory: what is offered is looked at again so often. */
const AGAIN_MS = 60_000;

/** Free memory and free disk change all the time; a change below this is not news. */
const COARSE_BYTES = 2 ** 28;

function coarse(offer: Offer): Offer {
  const round = (bytes: number): number => Math.floor(bytes / COARSE_BYTES) * COARSE_BYTES;
  return {
    ...offer,
    disk_bytes: round(offer.disk_bytes),
    gpus: offer.gpus.map((gpu) => ({ ...gpu, free_bytes: round(gpu.free_bytes) })),
  };
}

/**
 * What this worker offers of its machine: looked at before it registers, and again while it runs. A tool that does not
 * answer is never waited for by anything else; what it can't tell is not offered, and said once.
 */
export class HostOffer implements Service {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private said: readonly string[] = [];
  private onChange: () => void = () => undefined;

  private constructor(
    private readonly options: HostOfferOptions,
    private offer: Offer,
  ) {}

  /** Looks for the first time. */
  static async detect(options: HostOfferOptions): Promise<HostOffer> {
    const host = new HostOffer(options, { cpus: 0, cores: [], mem_bytes: 0, disk_bytes: 0, gpus: [], units: {} });
    await host.look();
    return host;
  }

  async start(): Promise<void> {
    this.timer = setInterval(() => (this.looking = this.look()), AGAIN_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Calls back after each change. */
  listen(onChange: () => void): void {
    this.onChange = onChange;
  }

  get cpus(): number {
    return this.offer.cpus;
  }

  get message(): OfferMessage {
    const { machine, place, enforces } = this.options;
    return { type: 'offer', machine, place, offer: this.offer as OfferMessage['offer'], enforces };
  }

  private async look(): Promise<void> {
    const { choice, log } = this.options;
    try {
      const found = await detectHost(this.options);
      const { offer, warnings } = chooseOffer(found, choice);
      this.say(found, warnings);
      const next = coarse(offer);
      if (isDeepStrictEqual(next, this.offer)) return;
      this.offer = next;
      this.onChange();
    } catch (error) {
      log.warn({ err: error }, 'the machine could not be looked at; the last offer stands');
    }
  }

  /** Once, and again when it is something else. */
  private say({ remarks }: DetectedHost, warnings: readonly string[]): void {
    const now = [...warnings, ...remarks];
    for (const remark of now) if (!this.said.includes(remark)) this.options.log.warn({}, remark);
    this.said = now;
  }
}
