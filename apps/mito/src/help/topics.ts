import { TASK_STATES } from '@mitosis/domain';
import { EXIT_CODES } from '../output/exit-codes.js';

interface Topic {
  readonly description: string;
  readonly text: readonly string[];
}

/** What `mito help TOPIC` explains beside the commands. */
export const TOPICS: Readonly<Record<string, Topic>> = {
  connection: {
    description: 'which coordinator a command talks to, and as whom',
    text: [
      'These options stand before the command or among its options:',
      '',
      '  -c, --coordinator <url>       MITO_COORDINATOR_ADDR; the one of your last login by default',
      '  -u, --user <name>             MITO_USER; which of the cached logins is used',
      '      --password-file <file>    a file with the password, instead of the question',
      '      --ca <file>               certificates to trust beside those of the system',
      '      --config <file>           configuration file; ./config.toml by default',
      '      --credential-path <file>  where the logins are cached',
      '',
      'MITO_TOKEN holds a token for scripts: "mito tokens create" makes one. "mito login" caches a login,',
      '"mito auth" shows who you are. After "-c" before the command, the same letter may mean something else',
      'behind it: "mito tasks query -c alice" asks for the tasks that alice submitted.',
    ],
  },
  states: {
    description: 'the states of a task',
    text: [
      `A task is in one of ${TASK_STATES.length} states:`,
      '',
      '  pending    waits for other tasks or for its start time',
      '  ready      waits for a worker; "mito tasks explain UUID" says why it still does',
      '  running    a worker runs it',
      '  completed  its command ended with exit code 0',
      '  failed     its command ended otherwise, or could not be run; "mito tasks get UUID" shows the reason',
      '  cancelled  somebody ended it',
      '',
      'A running task whose worker was lost is ready again; the attempt is counted in "mito tasks get UUID".',
    ],
  },
  tags: {
    description: 'how tags, labels and groups decide where a task runs',
    text: [
      'A task belongs to one group (-g) and may ask for tags (-t). It runs on workers that serve the group, and that',
      'either have no tags or have every tag it asks for.',
      '',
      '  mito workers query                       the workers, their groups and tags',
      '  mito workers update-tags UUID gpu linux  gives a worker tags',
      '  mito tasks submit -g vision -t gpu -- …  asks for one',
      '  mito tasks explain @                     says of each worker why it does not take the task',
      '',
      'Labels (-l) never decide anything. They only help to find tasks and workers.',
    ],
  },
  'exit-codes': {
    description: 'what the exit codes of mito mean',
    text: [
      'mito ends with one of these codes:',
      '',
      ...EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)}${meaning}`),
      '',
      '"mito run" ends with the exit code of its task; 128 + n stands for signal n.',
    ],
  },
};

/** The text of a topic; undefined when there is no such topic. */
export function describeTopic(name: string): string | undefined {
  return Object.hasOwn(TOPICS, name) ? `${TOPICS[name]?.text.join('\n') ?? ''}\n` : undefined;
}
