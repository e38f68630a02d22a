import { Option } from 'clipanion';
import type { AttachmentFilter } from '@mitosis/client';
import { givenText } from './option-values.js';
import { parseCount } from './task-options.js';

/** The options by which attachments are found; each command declares its own. */
export const groupOption = () =>
  Option.String('-g,--group', { description: 'group that shares the files; your own by default' });
export const smartOption = () =>
  Option.Boolean('-s,--smart', false, {
    description: 'without -g: what stands before the first "/" of KEY is the group',
  });
export const prefixOption = () => Option.String('-k,--key,--prefix', { description: 'only keys with this prefix' });
export const limitOption = () => Option.String('--limit', { description: 'at most this many' });
export const offsetOption = () => Option.String('--offset', { description: 'skip the first N' });
export const outputOption = () =>
  Option.String('-o,--output-path,--output', { description: 'file to write, or folder to write into' });
export const urlOnlyOption = () =>
  Option.Boolean('--no-download', false, { description: 'only print the URL, good for some minutes' });

/** What the options of a query say. */
export function attachmentFilter({
  prefix,
  limit,
  offset,
}: Readonly<Record<'prefix' | 'limit' | 'offset', string | undefined>>): AttachmentFilter {
  return {
    prefix: givenText(prefix, '--key'),
    ...(limit !== undefined && { limit: parseCount(limit, '--limit') }),
    ...(offset !== undefined && { offset: parseCount(offset, '--offset') }),
  };
}
