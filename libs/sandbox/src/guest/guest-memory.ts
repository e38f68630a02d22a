import { demand, Errno } from './errno.js';

/** At most this many buffers in one call, as on Linux (IOV_MAX). */
const VECTORS_MAX = 1024;

/** The guest's linear memory, with every access checked: outside of it lies only `EFAULT`. */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #view = new DataView(new ArrayBuffer(0));

  /** Must be called before the guest's first instruction that can reach the host. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  /** Bytes in use; linear memory never shrinks, so this is also its peak. */
  get sizeBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** A window onto the guest's memory, good until the guest runs again. */
  bytes(address: number, length: number): Uint8Array {
    const [start, count] = [address >>> 0, length >>> 0];
    demand(start + count <= this.#current().byteLength, Errno.fault);
    return new Uint8Array(this.#view.buffer, start, count);
  }

  text(address: number, length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(address, length));
    } catch (error) {
      if (error instanceof TypeError) demand(false, Errno.ilseq);
      throw error;
    }
  }

  u8(address: number): number {
    return this.#at(address, 1).getUint8(address >>> 0);
  }

  u16(address: number): number {
    return this.#at(address, 2).getUint16(address >>> 0, true);
  }

  u32(address: number): number {
    return this.#at(address, 4).getUint32(address >>> 0, true);
  }

  u64(address: number): bigint {
    return this.#at(address, 8).getBigUint64(address >>> 0, true);
  }

  setU8(address: number, value: number): void {
    this.#at(address, 1).setUint8(address >>> 0, value);
  }

  setU16(address: number, value: number): void {
    this.#at(address, 2).setUint16(address >>> 0, value, true);
  }

  setU32(address: number, value: number): void {
    this.#at(address, 4).setUint32(address >>> 0, value, true);
  }

  setU64(address: number, value: bigint): void {
    this.#at(address, 8).setBigUint64(address >>> 0, value, true);
  }

  /** The buffers that an array of `iovec` describes. */
  vectors(address: number, count: number): Uint8Array[] {
    demand(count >>> 0 <= VECTORS_MAX, Errno.inval);
    return Array.from({ length: count >>> 0 }, (_, index) => {
      const at = (address >>> 0) + index * 8;
      return this.bytes(this.u32(at), this.u32(at + 4));
    });
  }

  #at(address: number, length: number): DataView {
    const view = this.#current();
    demand((address >>> 0) + length <= view.byteLength, Errno.fault);
    return view;
  }

  /** Growing the memory detaches its old buffer, so the view is renewed when that has happened. */
  #current(): DataView {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined && this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }
}
