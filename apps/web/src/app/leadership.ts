type Message = { readonly type: 'who' | 'me' | 'bye'; readonly id: string; readonly isVisible?: boolean };

const ASK_MS = 5_000;
const ANSWER_MS = 700;

/**
 * Chooses one of the tabs of this browser, by messages between them: locks are there on HTTPS only. Who hears no
 * leader becomes one; of two, the one with the smaller id stays. A tab that is closed says so, and is replaced at once.
 */
export class Leadership {
  private readonly channel: BroadcastChannel;
  private readonly id = `${Math.random()}`;
  private isLeader = false;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    name: string,
    private readonly onChange: (isLeader: boolean) => void,
  ) {
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => this.hear(data);
  }

  start(): void {
    window.addEventListener('pagehide', () => this.leave());
    window.addEventListener('pageshow', ({ persisted }) => void (persisted && this.ask()));
    setInterval(() => this.ask(), ASK_MS);
    this.ask();
  }

  private leave(): void {
    if (!this.isLeader) return;
    this.lead(false);
    this.say('bye');
  }

  private ask(): void {
    if (this.isLeader || this.waiting !== undefined) return;
    this.say('who');
    // Those who ask at the same moment do not all wait for the same time.
    this.waiting = setTimeout(() => (this.answered(), this.lead(true)), ANSWER_MS * (0.6 + Math.random() * 0.4));
  }

  private hear({ type, id }: Message): void {
    if (type === 'who') return void (this.isLeader && this.say('me'));
    if (type === 'bye') return void (this.answered(), this.ask());
    this.answered();
    if (this.isLeader && id < this.id) this.lead(false);
    else if (this.isLeader) this.say('me');
  }

  private answered(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
  }

  private lead(isLeader: boolean): void {
    if (this.isLeader === isLeader) return;
    this.isLeader = isLeader;
    if (isLeader) this.say('me');
    this.onChange(isLeader);
  }

  private say(type: Message['type']): void {
    this.channel.postMessage({ type, id: this.id } satisfies Message);
  }
}
