// 256 colours: black, and a gradient without a seam through 255 others.

const STOPS = 5;
const STOP_LENGTH = 51;
/** Red, green, blue of each stop; the first one is repeated at the end. */
const GRADIENT = memory.data<u8>([0, 7, 100, 32, 107, 203, 237, 255, 255, 255, 170, 0, 90, 10, 40, 0, 7, 100]);

/** Stores the palette as 768 bytes of red, green, blue. */
export function storePalette(at: usize): void {
  memory.fill(at, 0, 3);
  for (let index = 0; index < STOPS * STOP_LENGTH; index++) {
    const stop = index / STOP_LENGTH;
    const part = index % STOP_LENGTH;
    for (let channel = 0; channel < 3; channel++) {
      const from = <i32>load<u8>(GRADIENT + stop * 3 + channel);
      const to = <i32>load<u8>(GRADIENT + stop * 3 + 3 + channel);
      store<u8>(at + 3 + index * 3 + channel, <u8>(from + ((to - from) * part) / STOP_LENGTH));
    }
  }
}
