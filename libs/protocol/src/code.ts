import { z } from 'zod';
import { SignedRequest } from './artifacts.js';
import { Name, PlainLine, Sha256 } from './fields.js';

/** Bounds of a folder of code. */
export const CODE_LIMITS = {
  files: 100_000,
  /** Of one pack, before compression; a larger file lies in several. */
  packBytes: 8 * 2 ** 20,
  packs: 4_096,
  /** Of a pack as it is sent: what can't be compressed becomes a little larger. */
  sentBytes: 9 * 2 ** 20,
  /** Of the list of files, before compression. */
  manifestBytes: 48 * 2 ** 20,
} as const;

/** A folder of code that a task starts in, stored by content. */
export const TaskCode = z.strictObject({
  /** Of its list of files (`CodeManifest`): two folders with the same content have the same. */
  sha256: Sha256,
  files: z.int().min(0).max(CODE_LIMITS.files),
  bytes: z.int().min(0),
  /**
   * Where it was taken from: the folder's name, its commit and branch in git, and whether it differs from the commit.
   */
  folder: PlainLine(255).default(''),
  commit: PlainLine(64).nullable().default(null),
  branch: PlainLine(255).nullable().default(null),
  is_dirty: z.boolean().nullable().default(null),
});
export type TaskCode = z.output<typeof TaskCode>;

/** A piece of a file, as it lies in a pack: one after the other, without anything between them. */
const CodePiece = z.strictObject({
  path: z.string().min(1),
  /** Of the whole file. */
  size: z.int().min(0),
  sha256: Sha256,
  is_executable: z.boolean(),
  /** Where the piece belongs in the file. */
  offset: z.int().min(0),
  length: z.int().min(0),
});
export type CodePiece = z.output<typeof CodePiece>;

/** The list of files of a folder, as JSON; its SHA-256 names the folder. */
export const CodeManifest = z.strictObject({
  version: z.literal(1),
  packs: z.array(z.strictObject({ sha256: Sha256, pieces: z.array(CodePiece) })).max(CODE_LIMITS.packs),
  links: z.array(z.strictObject({ path: z.string().min(1), target: z.string().min(1) })),
});
export type CodeManifest = z.output<typeof CodeManifest>;

/** The body of `POST /code`: the same as long as packs are missing, which are then sent one by one. */
export const OfferCode = z.strictObject({
  /** Whose tasks run it; the caller's own group when left out. */
  group: Name.optional(),
  /** SHA-256 of the list of files; it is sent as a pack, too. */
  manifest: Sha256,
  packs: z.array(Sha256).max(CODE_LIMITS.packs),
});
export type OfferCode = z.output<typeof OfferCode>;

/** What the group does not have yet; when that is nothing, the folder is stored. */
export const CodeOffer = z.object({ missing: z.array(Sha256) });
export type CodeOffer = z.output<typeof CodeOffer>;

/** The query string of `PUT /code/packs/:sha256`; the body is the pack, compressed with gzip. */
export const CodePackQuery = z.strictObject({ group: Name.optional() });

/** A pack, or the list of files, with a request to fetch it: gzip, whose content has the SHA-256 `sha256`. */
export const CodeFile = z.object({
  sha256: Sha256,
  stored_sha256: Sha256,
  size_bytes: z.int().min(0),
  download: SignedRequest,
});
export type CodeFile = z.output<typeof CodeFile>;

/** The answer of `GET /tasks/:uuid/code`. */
export const CodeDownload = z.object({ code: TaskCode, manifest: CodeFile, packs: z.array(CodeFile) });
export type CodeDownload = z.output<typeof CodeDownload>;

/** What a worker needs to lay the code of a task down. */
export const ClaimedCode = z.object({ manifest: CodeFile, packs: z.array(CodeFile) });
export type ClaimedCode = z.output<typeof ClaimedCode>;
