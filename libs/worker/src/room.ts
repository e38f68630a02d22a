/** Without news the coordinator is taken to have forgotten that the machine was full. */
const FORGET_MS = 6_000;

/**
 * Whether the machine has room for tasks that ask for nothing, as the coordinator says it: what tasks with needs hold
 * may leave no core for others, though there is a slot.
 */
export class Room {
  private timer: NodeJS.Timeout | undefined;
  private isTaken = false;

  constructor(private readonly onChange: () => void) {}

  get isFull(): boolean {
    return this.isTaken;
  }

  tell(isFull: boolean): void {
    clearTimeout(this.timer);
    if (isFull) this.timer = setTimeout(() => this.tell(false), FORGET_MS).unref();
    if (isFull === this.isTaken) return;
    this.isTaken = isFull;
    this.onChange();
  }
}
