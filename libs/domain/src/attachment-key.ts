import { invalidField } from './errors.js';

/** Longest key of an attachment, in bytes of UTF-8. */
export const ATTACHMENT_KEY_MAX_BYTES = 1023;

/** Longest path of an input below the resource folder, in bytes of UTF-8. */
export const RESOURCE_PATH_MAX_BYTES = 1023;

const BYTES = new TextEncoder();

/** What is wrong with a relative path of names joined by single slashes; undefined when nothing is. */
function objectionTo(path: string, maxBytes: number): string | undefined {
  if (path === '' || BYTES.encode(path).length > maxBytes) return `must have 1 to ${maxBytes} bytes`;
  if (/[\p{Cc}\p{Cs}\\]/u.test(path)) return 'must not have control characters or backslashes';
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    return 'must be names joined by single slashes, without "." and ".."';
  return names.some((name) => BYTES.encode(name).length > 255)
    ? 'must not have a name of more than 255 bytes'
    : undefined;
}

/** What is wrong with the key of an attachment; undefined when nothing is. It can always be a path of a file system. */
export function attachmentKeyObjection(key: string): string | undefined {
  return objectionTo(key, ATTACHMENT_KEY_MAX_BYTES);
}

/** What is wrong with the place of an input below the resource folder; undefined when nothing is. */
export function resourcePathObjection(path: string): string | undefined {
  return objectionTo(path, RESOURCE_PATH_MAX_BYTES);
}

/** `a//b/./c/../d` is `a/b/d`, a leading slash goes. @throws MitoError `invalid` for what leads above the root. */
export function cleanPath(path: string, field: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw invalidField(field, `"${path}" leads outside`);
  }
  return names.join('/');
}

/**
 * The key of an upload: the file's name when none is given or when it ends in `/`; cleaned. With
 * `isSmart` and no group, what stands before the first `/` is the group, and a key without `/` is one.
 */
export function uploadTarget(
  fileName: string,
  key: string | undefined,
  { group, isSmart = false }: { readonly group?: string | undefined; readonly isSmart?: boolean | undefined } = {},
): { readonly group: string | undefined; readonly key: string } {
  const isSplit = isSmart && group === undefined && key !== undefined;
  const slash = isSplit ? `${key}/`.indexOf('/') : -1;
  const owner = isSplit ? key.slice(0, slash) : group;
  const rest = isSplit ? key.slice(slash + 1) : (key ?? '');
  const target = rest === '' || rest.endsWith('/') ? `${rest}${fileName}` : rest;
  return { group: owner === '' ? undefined : owner, key: checkedKey(cleanPath(target, 'key')) };
}

/** The key of a download, a deletion or a look: with `isSmart` and no group, its first name is the group. */
export function keyTarget(
  key: string,
  { group, isSmart = false }: { readonly group?: string | undefined; readonly isSmart?: boolean | undefined } = {},
): { readonly group: string | undefined; readonly key: string } {
  const slash = key.indexOf('/');
  if (!isSmart || group !== undefined || slash < 1) return { group, key: checkedKey(cleanPath(key, 'key')) };
  return { group: key.slice(0, slash), key: checkedKey(cleanPath(key.slice(slash + 1), 'key')) };
}

function checkedKey(key: string): string {
  const objection = attachmentKeyObjection(key);
  if (objection !== undefined) throw invalidField('key', objection);
  return key;
}
