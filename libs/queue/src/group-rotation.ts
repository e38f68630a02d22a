/** A queue that takes its turn. */
export interface Turn {
  readonly name: string;
  readonly group: string;
}

/**
 * Round robin over groups, then over the queues of a group: whoever was served goes to the end of
 * both lists, so a group with many queues or many jobs gets no more turns than another.
 */
export class GroupRotation<T extends Turn> {
  private readonly groups = new Map<string, Map<string, T>>();

  add(turn: T): void {
    const queues = this.groups.get(turn.group) ?? new Map<string, T>();
    queues.set(turn.name, turn);
    this.groups.set(turn.group, queues);
  }

  remove(turn: Turn): void {
    const queues = this.groups.get(turn.group);
    queues?.delete(turn.name);
    if (queues?.size === 0) this.groups.delete(turn.group);
  }

  /** The next in turn that `isReady`; undefined when none is. */
  next(isReady: (turn: T) => boolean): T | undefined {
    for (const [group, queues] of this.groups) {
      for (const turn of queues.values()) {
        if (!isReady(turn)) continue;
        queues.delete(turn.name);
        queues.set(turn.name, turn);
        this.groups.delete(group);
        this.groups.set(group, queues);
        return turn;
      }
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const queues of this.groups.values()) yield* queues.values();
  }
}
