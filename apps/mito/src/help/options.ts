import type { OptionModel } from './command-model.js';

/** What stands for the value of an option in help texts, by its long name; others are named after the option. */
const VALUES: Readonly<Record<string, string>> = {
  after: 'uuid,…',
  'after-any-end': 'uuid,…',
  'after-failed': 'uuid,…',
  'after-job': 'uuid,…',
  array: 'first-last',
  'checkpoint-every': 'duration',
  coordinator: 'url',
  cwd: 'folder',
  'data-dir': 'folder',
  'drain-timeout': 'duration',
  env: 'NAME=VALUE',
  'env-file': 'file',
  'env-setup': 'kind',
  'from-checkpoint': 'uuid',
  idempotency: 'key',
  'idempotency-key': 'key',
  job: 'uuid',
  labels: 'label,…',
  lifetime: 'duration',
  'limit-key': 'KEY=N',
  'log-limit': 'size',
  mem: 'size',
  'gpu-mem': 'size',
  disk: 'size',
  need: 'NAME=N',
  'output-path': 'path',
  port: 'n',
  'requeue-max': 'n',
  'requeue-on': 'cause,…',
  retries: 'n',
  'retry-delay': 'duration',
  'retry-exit-codes': 'code,…',
  shell: 'line',
  stdin: 'file',
  sweep: 'NAME=VALUE,…',
  tags: 'tag,…',
  timeout: 'duration',
  'timeout-max': 'duration',
  unpack: 'folder',
  'warn-before': 'duration[:SIGNAL]',
  watch: 'uuid,state',
  workdir: 'folder',
};

/** The headings below which the options of a command with many of them stand, and the long names below each. */
const SECTIONS: readonly (readonly [heading: string, names: string])[] = [
  ['What runs', 'shell cwd workdir env env-file secret env-setup stdin pty interactive sandbox image'],
  ['Where it runs', 'group tags cpus mem gpus gpu-mem gpu-ids disk need whole-machine or pin refuse-impossible'],
  [
    'When it runs, and for how long',
    'priority after after-any-end after-failed after-job watch start-at start-in timeout ' +
      'warn-before retries retry-delay retry-exit-codes requeue-on requeue-max limit-key reuse',
  ],
  ['Inputs and outputs', 'resource input terminal log-limit checkpoint-every from-checkpoint'],
  ['Many tasks at a time', 'array each-line each-json sweep param job at-once max-fails idempotency-key'],
];

/** From this many options on they stand below headings. */
const HEADINGS_FROM = 12;

const longNames = ({ names }: OptionModel): string[] =>
  names.filter((name) => name.startsWith('--')).map((name) => name.slice('--'.length));

/** `-t, --tags <tag,…>`: one short and one long name; the reference has the others. */
export function optionSyntax(option: OptionModel): string {
  const short = option.names.find((name) => /^-[^-]/.test(name));
  const [long] = longNames(option);
  const value = VALUES[long ?? ''] ?? long ?? '';
  const names = [short ?? '   ', ...(long === undefined ? [] : [`--${long}`])];
  return `${names.join(short === undefined ? ' ' : ', ')}${option.takesValue ? ` <${value}>` : ''}`;
}

/** Options below headings, in the order of the headings; a command with few options has one. */
export function optionSections(
  options: readonly OptionModel[],
): readonly (readonly [heading: string, options: readonly OptionModel[]])[] {
  if (options.length === 0) return [];
  if (options.length < HEADINGS_FROM) return [['Options', options]];
  const placed = SECTIONS.map(([heading, names]) => {
    const known = new Set(names.split(' '));
    return [heading, options.filter((option) => longNames(option).some((name) => known.has(name)))] as const;
  }).filter(([, own]) => own.length > 0);
  // Two headings for one list of filters help nobody.
  if (placed.length < 3) return [['Options', options]];
  const isPlaced = (option: OptionModel): boolean => placed.some(([, own]) => own.includes(option));
  const rest = options.filter((option) => !isPlaced(option));
  return rest.length === 0 ? placed : [...placed, ['Other options', rest]];
}
