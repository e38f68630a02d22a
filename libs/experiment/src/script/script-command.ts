/** Variables that Slurm gives to a script, from those that a task has. */
const SLURM = [
  'SLURM_JOB_ID=$MITO_TASK_UUID',
  'SLURM_JOBID=$MITO_TASK_UUID',
  'SLURM_SUBMIT_DIR=$PWD',
  'SLURM_RESTART_COUNT=$((${MITO_TASK_ATTEMPT:-1} - 1))',
];
const SLURM_OPTIONAL = [
  ['MITO_ARRAY_INDEX', 'SLURM_ARRAY_TASK_ID'],
  ['MITO_JOB_UUID', 'SLURM_ARRAY_JOB_ID'],
  ['MITO_CPUS', 'SLURM_CPUS_PER_TASK'],
  ['MITO_CPUS', 'SLURM_CPUS_ON_NODE'],
] as const;

export interface ScriptCommandOptions {
  /** What its file is called. */
  readonly name: string;
  /** What the task is called. */
  readonly title: string;
  readonly content: string;
  readonly args: readonly string[];
  /** Sets `SLURM_ARRAY_TASK_ID` and its relatives. */
  readonly hasSlurmVariables: boolean;
  /** Indices of the array, when there is one. */
  readonly indices?: readonly number[] | undefined;
}

function slurmExports({ title, indices }: ScriptCommandOptions): string {
  const always = [
    ...SLURM.map((pair) => `export ${pair}`),
    `export SLURM_JOB_NAME='${title.replaceAll("'", "'\\''")}'`,
  ];
  const given = SLURM_OPTIONAL.map(([from, to]) => `[ -z "\${${from}+x}" ] || export ${to}="$${from}"`);
  const array =
    indices === undefined || indices.length === 0
      ? []
      : [
          `export SLURM_ARRAY_TASK_COUNT=${indices.length}`,
          `export SLURM_ARRAY_TASK_MIN=${indices.reduce((a, b) => Math.min(a, b))}`,
          `export SLURM_ARRAY_TASK_MAX=${indices.reduce((a, b) => Math.max(a, b))}`,
        ];
  return [...always, ...given, ...array].join('; ') + '; ';
}

/**
 * The command that runs a script of the submitter on a worker: its own first line says with what, its arguments
 * and standard input are its own.
 */
export function scriptCommand(options: ScriptCommandOptions): string[] {
  const { name, content, args, hasSlurmVariables } = options;
  const place = 'd=$(mktemp -d) && f="$d/$1" && printf %s "$2" > "$f" && chmod 700 "$f" && shift 2 && exec "$f" "$@"';
  const unixLines = content.replaceAll('\r\n', '\n');
  return [
    '/bin/sh',
    '-c',
    `${hasSlurmVariables ? slurmExports(options) : ''}${place}`,
    'mito-submit',
    name,
    unixLines,
    ...args,
  ];
}
