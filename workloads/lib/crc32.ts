// CRC-32 as PNG and zlib have it (ISO 3309): polynomial 0xedb88320, bits reversed.

const TABLE = memory.data(1024, 4);
let isReady = false;

function prepare(): void {
  for (let index: u32 = 0; index < 256; index++) {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    store<u32>(TABLE + (<usize>index << 2), value);
  }
  isReady = true;
}

/** Continues with `crc` (0 to begin with) over more bytes. */
export function crc32(crc: u32, address: usize, length: i32): u32 {
  if (!isReady) prepare();
  let value = ~crc;
  for (const end = address + length; address < end; address++) {
    value = load<u32>(TABLE + ((<usize>(value ^ load<u8>(address)) & 0xff) << 2)) ^ (value >>> 8);
  }
  return ~value;
}
