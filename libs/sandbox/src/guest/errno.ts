/** The error numbers of WASI preview 1 that the host returns. */
export const Errno = {
  success: 0,
  badf: 8,
  exist: 20,
  fault: 21,
  fbig: 22,
  ilseq: 25,
  inval: 28,
  io: 29,
  isdir: 31,
  mfile: 33,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  notdir: 54,
  notempty: 55,
  notsup: 58,
  perm: 63,
  rofs: 69,
  spipe: 70,
  notcapable: 76,
} as const;

/** Ends the current host call; the guest gets `errno` as its answer. */
export class WasiError extends Error {
  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

/** Throws the error unless the condition holds. */
export function demand(condition: boolean, errno: number): asserts condition {
  if (!condition) throw new WasiError(errno);
}
