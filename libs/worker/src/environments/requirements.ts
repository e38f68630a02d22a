import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentFailed } from './environment-failed.js';

/** What files of requirements consist of. */
export interface Requirements {
  /** They themselves, with those that they name by -r and -c. */
  readonly files: readonly string[];
  /** They name packages of the folder itself: then any of its files may count. */
  readonly hasLocal: boolean;
}

const NESTED = /^(?:-r|-c|--requirement|--constraint)(?:\s+|=|(?=\S))(.+)$/;
const EDITABLE = /^(?:-e|--editable)(?:\s+|=)/;
const FOUND_LOCALLY = /^(?:-f|--find-links)(?:\s+|=)(?!\w+:\/\/)/;
const LOCAL = /^(?:\.{1,2}(?:\/|$|\[)|\/|file:|[^\s:#@]+\.(?:whl|tar\.gz|zip)(?:\s|$))|@\s*(?:file:|\.{0,2}\/)/;

/** Logical lines: continued ones are joined, comments are gone; with the number of the line that they begin at. */
function* linesOf(text: string): Generator<readonly [line: string, number: number]> {
  let [line, number] = ['', 0];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (line === '') number = index + 1;
    line += raw.replace(/(^|\s)#.*$/, '').replace(/\\$/, ' ');
    if (raw.endsWith('\\')) continue;
    if (line.trim() !== '') yield [line.trim(), number];
    line = '';
  }
  if (line.trim() !== '') yield [line.trim(), number];
}

/**
 * Reads `first` and what it names. Throws `environment_failed` for a file that is missing, and for a link to a folder.
 */
export async function readRequirements(codeDir: string, first: string): Promise<Requirements> {
  const files: string[] = [];
  let hasLocal = false;
  const read = async (file: string, from?: string): Promise<void> => {
    if (files.includes(file)) return;
    files.push(file);
    for (const [line, number] of linesOf(await textOf(codeDir, file, from))) {
      const place = `${file}, line ${number}`;
      if (EDITABLE.test(line)) throw isEditable(place, line);
      const named = NESTED.exec(line)?.[1]?.replaceAll(/^["']|["']$/g, '');
      if (named === undefined) hasLocal ||= LOCAL.test(line) || FOUND_LOCALLY.test(line);
      else if (!/^\w+:\/\//.test(named))
        await read(path.isAbsolute(named) ? named : path.join(path.dirname(file), named), place);
    }
  };
  await read(first);
  return { files, hasLocal };
}

function isEditable(place: string, line: string): Error {
  return environmentFailed(
    `${place}: "${line}" links a folder into the environment, which tasks with other code share. ` +
      'Remove the line: the folder of code, and "src" in it, are on the PYTHONPATH of the task',
  );
}

async function textOf(codeDir: string, file: string, from: string | undefined): Promise<string> {
  const [named, isInside] = [from === undefined ? file : `${file}, which ${from} names,`, isInFolder(file)];
  if (!isInside) throw environmentFailed(`${named} is outside of the folder of code`);
  try {
    return await readFile(path.join(codeDir, file), 'utf8');
  } catch (cause) {
    throw environmentFailed(`${named} is not in the folder of code. Files that .gitignore names are not sent`, cause);
  }
}

function isInFolder(file: string): boolean {
  return !path.isAbsolute(file) && !file.split(path.sep).includes('..');
}
