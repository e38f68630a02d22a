import { nearestOf } from '@mitosis/domain';
import { OPTION_KEYS, type Key } from './keys.js';
import { ENTRY_KEYS, ENTRY_NAME, JOB_KEYS, TOP_KEYS } from './sections.js';
import { text, wrongValue, type Where } from './shapes.js';
import { kindOfNode, SOURCE_LIMITS, wrongAt, type Place, type SourceNode, type TableNode } from './source-tree.js';

/** A value of a file with the place where it stands. */
export interface Given {
  readonly place: Place;
  readonly node: SourceNode;
  readonly value: unknown;
}
export type GivenKeys = ReadonlyMap<string, Given>;

/** A task or a job of a file, with the options of its templates and the defaults. */
export interface Entry {
  readonly kind: 'task' | 'job';
  readonly key: string;
  readonly place: Place;
  readonly given: GivenKeys;
}

export interface ExperimentFile {
  readonly file: string;
  readonly name: string;
  readonly group?: string;
  readonly entries: readonly Entry[];
}

/** Tasks and jobs of one file. */
const ENTRIES_MAX = 1_000;

type Keys = Readonly<Record<string, Key>>;

const TASK_SECTION: Keys = { ...ENTRY_KEYS, ...OPTION_KEYS };
const JOB_SECTION: Keys = { ...TASK_SECTION, ...JOB_KEYS };

/** Where a key that stands in the wrong place belongs. */
function homeOf(key: string): string | undefined {
  if (Object.hasOwn(JOB_KEYS, key)) return 'in [jobs.NAME]';
  if (Object.hasOwn(ENTRY_KEYS, key)) return 'in [jobs.NAME] or [tasks.NAME]';
  if (Object.hasOwn(OPTION_KEYS, key)) return 'in [jobs.NAME], [tasks.NAME], [templates.NAME] or [defaults]';
  return (TOP_KEYS as readonly string[]).includes(key) ? 'at the top of the file' : undefined;
}

/** What is said about a key that a table does not have. */
function describeUnknown(key: string, known: readonly string[]): string {
  const near = nearestOf(key, known);
  if (near !== undefined) return `there is no such key here; did you mean "${near}"?`;
  const home = homeOf(key);
  if (home !== undefined) return `this key does not stand here; it belongs ${home}`;
  const elsewhere = nearestOf(key, [...Object.keys(JOB_SECTION), ...TOP_KEYS]);
  const hint = elsewhere === undefined ? '' : `; "${elsewhere}" belongs ${homeOf(elsewhere)}`;
  return `there is no such key; the keys here are ${known.join(', ')}${hint}`;
}

const pathTo = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function asTable(node: SourceNode, where: Where): TableNode {
  if (node.kind === 'table') return node;
  const hint = node.kind === 'list' ? `; write [${where.path}.NAME] for each` : '';
  throw wrongValue(node, where, `this is ${kindOfNode(node)}; it needs a table${hint}`);
}

function readSection(node: SourceNode, keys: Keys, where: Where): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [key, { place, value: child }] of asTable(node, where).entries) {
    const path = pathTo(where.path, key);
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!known) throw wrongAt(where.file, place, `${path}: ${describeUnknown(key, Object.keys(keys))}`);
    given.set(key, { place, node: child, value: known.shape.read(child, { ...where, path }) });
  }
  return given;
}

/** The sections of a table by their names, in their order. */
function namedSections(node: SourceNode | undefined, where: Where): [name: string, place: Place, node: SourceNode][] {
  if (!node) return [];
  return [...asTable(node, where).entries].map(([name, { place, value }]) => {
    if (!ENTRY_NAME.test(name))
      throw wrongAt(
        where.file,
        place,
        `${where.path}: "${name}" can't be a name: use letters, digits, "-", "_" or "."`,
      );
    return [name, place, value];
  });
}

/** `over` wins, key by key; tables that are joined, name by name. */
function joined(under: GivenKeys, over: GivenKeys): Map<string, Given> {
  const all = new Map(under);
  for (const [key, given] of over) {
    const below = all.get(key);
    const isJoined = below !== undefined && OPTION_KEYS[key]?.isJoined === true;
    all.set(key, isJoined ? { ...given, value: joinedValue(below.value, given.value) } : given);
  }
  return all;
}

interface Placed {
  readonly path: string;
}

function joinedValue(under: unknown, over: unknown): unknown {
  if (!Array.isArray(under)) return { ...(under as object), ...(over as object) };
  const paths = new Set((over as Placed[]).map(({ path }) => path));
  return [...(under as Placed[]).filter(({ path }) => !paths.has(path)), ...(over as Placed[])];
}

class ExperimentReader {
  private readonly templates = new Map<string, GivenKeys>();

  constructor(private readonly file: string) {}

  read(root: TableNode, defaultName: string | undefined): ExperimentFile {
    const at = (path: string): Where => ({ file: this.file, path });
    for (const [key, { place }] of root.entries)
      if (!(TOP_KEYS as readonly string[]).includes(key))
        throw wrongAt(this.file, place, `${key}: ${describeUnknown(key, TOP_KEYS)}`);
    const child = (key: string): SourceNode | undefined => root.entries.get(key)?.value;
    const textOf = (key: string): string | undefined => {
      const node = child(key);
      return node && text.read(node, at(key));
    };
    const defaultsNode = child('defaults');
    const defaults: GivenKeys = defaultsNode ? readSection(defaultsNode, OPTION_KEYS, at('defaults')) : new Map();
    for (const [name, , node] of namedSections(child('templates'), at('templates')))
      this.templates.set(name, readSection(node, OPTION_KEYS, at(`templates.${name}`)));
    const entries = [
      ...this.entries('task', child('tasks'), defaults),
      ...this.entries('job', child('jobs'), defaults),
    ];
    this.assertDistinct(entries);
    if (entries.length > ENTRIES_MAX)
      throw wrongAt(
        this.file,
        root.place,
        `it has more than ${ENTRIES_MAX} tasks and jobs; one job can have any number`,
      );
    if (entries.length === 0) throw wrongAt(this.file, root.place, 'it has no [tasks.NAME] and no [jobs.NAME]');
    const [name, group] = [textOf('name') ?? defaultName, textOf('group')];
    if (name === undefined || name.trim() === '')
      throw wrongAt(this.file, root.place, 'name: an experiment from the standard input needs one');
    return { file: this.file, name, ...(group !== undefined && { group }), entries };
  }

  private entries(kind: Entry['kind'], node: SourceNode | undefined, defaults: GivenKeys): Entry[] {
    const section = `${kind}s`;
    return namedSections(node, { file: this.file, path: section }).map(([key, place, child]) => {
      const path = `${section}.${key}`;
      const own = readSection(child, kind === 'job' ? JOB_SECTION : TASK_SECTION, { file: this.file, path });
      const given = joined(this.withTemplates(own, defaults, path), own);
      if (!given.has('run')) throw wrongAt(this.file, place, `${path}: it has no "run"`);
      return { kind, key, place, given };
    });
  }

  private withTemplates(own: GivenKeys, defaults: GivenKeys, path: string): GivenKeys {
    const use = own.get('use');
    return ((use?.value as string[] | undefined) ?? []).reduce((under, name) => {
      const template = this.templates.get(name);
      if (template) return joined(under, template);
      const near = nearestOf(name, [...this.templates.keys()]);
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      throw wrongAt(
        this.file,
        use?.place ?? { line: 1, column: 1 },
        `${path}.use: there is no template "${name}"${hint}`,
      );
    }, defaults);
  }

  private assertDistinct(entries: readonly Entry[]): void {
    const seen = new Map<string, Entry>();
    for (const entry of entries) {
      const earlier = seen.get(entry.key);
      if (earlier)
        throw wrongAt(
          this.file,
          entry.place,
          `${entry.kind}s.${entry.key}: ${earlier.kind}s.${entry.key} in line ${earlier.place.line} has the same name`,
        );
      seen.set(entry.key, entry);
    }
  }
}

/** Whether a file of this name is read as YAML; TOML otherwise. */
export const isYaml = (file: string): boolean => /\.ya?ml$/i.test(file);

/**
 * Reads and checks an experiment: TOML, or YAML by the end of its name. Throws `invalid_experiment` naming
 * file, line, column and key. `defaultName` is the experiment's name when the file says none.
 */
export async function readExperiment(
  file: string,
  content: string,
  defaultName: string | undefined,
): Promise<ExperimentFile> {
  if (Buffer.byteLength(content) > SOURCE_LIMITS.bytes)
    throw wrongAt(file, { line: 1, column: 1 }, `it is longer than ${SOURCE_LIMITS.bytes / 1024 / 1024} MiB`);
  const root = isYaml(file)
    ? (await import('./read-yaml.js')).readYaml(file, content)
    : (await import('./read-toml.js')).readToml(file, content);
  return new ExperimentReader(file).read(root, defaultName);
}
