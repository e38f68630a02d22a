const CTRL_P = 0x10;
const CTRL_Q = 0x11;

/** Looks for ctrl-p ctrl-q in what is typed. A ctrl-p is held back until the key after it is known. */
export class DetachKeys {
  private isHolding = false;

  /** What is to be typed on, and whether the person wants to leave; what follows the keys is dropped. */
  take(data: Uint8Array): { readonly typed: Uint8Array; readonly isDetached: boolean } {
    const typed: number[] = [];
    for (const key of data) {
      if (this.isHolding && key === CTRL_Q) return { typed: Uint8Array.from(typed), isDetached: true };
      if (this.isHolding) typed.push(CTRL_P);
      this.isHolding = key === CTRL_P;
      if (!this.isHolding) typed.push(key);
    }
    return { typed: Uint8Array.from(typed), isDetached: false };
  }
}
