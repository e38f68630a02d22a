/** What an artifact may unpack to: as much as a worker packs. Gzip itself can't do more than 1,032 : 1. */
export const UNPACK_LIMITS = { bytes: 64 * 2 ** 30, entries: 1_000_000, ratio: 1_100 } as const;
