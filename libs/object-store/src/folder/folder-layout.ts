import { join } from 'node:path';

const OBJECT_SUFFIX = '.o';
const FOLDER_SUFFIX = '.d';

/**
 * Where things lie: `objects/` by key, `uploads/<id>/` for unfinished multipart uploads, `temp/` for what is
 * being written. A key's folders end in `.d` and its file in `.o`, so that `a` and `a/b` can both exist; a
 * capital is written `^a`, so that `A` and `a` stay two objects where file names ignore case.
 */
export class FolderLayout {
  readonly objects: string;
  readonly uploads: string;
  readonly temp: string;

  constructor(readonly root: string) {
    this.objects = join(root, 'objects');
    this.uploads = join(root, 'uploads');
    this.temp = join(root, 'temp');
  }

  /** The file of a valid key. */
  objectFile(key: string): string {
    const segments = key.split('/').map(escapeSegment);
    const name = segments.pop() ?? '';
    return join(this.objects, ...segments.map((segment) => segment + FOLDER_SUFFIX), name + OBJECT_SUFFIX);
  }

  /** The folder that holds every key beginning with `segments` joined by `/`. */
  folderOf(segments: readonly string[]): string {
    return join(this.objects, ...segments.map((segment) => escapeSegment(segment) + FOLDER_SUFFIX));
  }
}

/** What a directory entry under `objects/` stands for; undefined for strangers. */
export function entryOf(
  fileName: string,
): { readonly kind: 'object' | 'folder'; readonly segment: string } | undefined {
  const segment = unescapeSegment(fileName.slice(0, -2));
  if (fileName.endsWith(OBJECT_SUFFIX)) return { kind: 'object', segment };
  return fileName.endsWith(FOLDER_SUFFIX) ? { kind: 'folder', segment } : undefined;
}

function escapeSegment(segment: string): string {
  return segment.replace(/[A-Z]/g, (capital) => `^${capital.toLowerCase()}`);
}

function unescapeSegment(escaped: string): string {
  return escaped.replace(/\^([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
