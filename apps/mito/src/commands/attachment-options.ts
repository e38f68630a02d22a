import { Option } from 'clipanion';

/** The options by which attachments are found; each command declares its own. */
export const groupOption = () => Option.String('-g,--group', { description: 'group that shares the files; your own by default' });
export const smartOption = () => Option.Boolean('-s,--smart', false, { description: 'without -g: what stands before the first "/" of KEY is the group' });
export const prefixOption = () => Option.String('-k,--key,--prefix', { description: 'only keys that begin so' });
export const limitOption = () => Option.String('--limit', { description: 'at most so many' });
export const outputOption = () => Option.String('-o,--output-path', { description: 'file to write, or folder to write into' });
export const urlOnlyOption = () => Option.Boolean('--no-download', false, { description: 'only print the URL, good for some minutes' });
