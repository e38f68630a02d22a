import { z } from 'zod';
import { readEnvSetup } from '@mitosis/domain';
import { TaskCode } from './code.js';
import { ProcessString } from './fields.js';
import { TaskSecrets } from './secrets.js';

/** The environment that a task starts in, as `uv` or `venv:requirements.txt`. */
const TaskEnvSetup = ProcessString.superRefine((text, context) => {
  const found = readEnvSetup(text);
  if ('objection' in found) context.addIssue({ code: 'custom', message: found.objection });
});

/** What a task asks for besides its command: the person's code and surroundings. */
export const PROCESS_SHAPE = {
  /** The folder that it starts in; its files are laid into the working folder before it starts. */
  code: TaskCode.optional(),
  /** Secrets of its group that it finds in its environment, each in the variable of its name. */
  secrets: TaskSecrets.optional(),
  /**
   * Its environment, built once on a worker from files of `code`:
   * `uv`, `venv:FILE`, `conda:FILE`, `npm`, `command:FILE`.
   */
  env_setup: TaskEnvSetup.optional(),
};

type Given = { readonly [Field in keyof typeof PROCESS_SHAPE | 'wasm']?: unknown };

/** What does not go together. */
const RULES: readonly (readonly [field: keyof Given, isWrong: (given: Given) => boolean, message: string])[] = [
  ['secrets', ({ wasm }) => wasm !== undefined, 'a sandboxed program gets no secrets'],
  ['code', ({ wasm }) => wasm !== undefined, 'a sandboxed program has no working folder'],
  ['env_setup', ({ wasm }) => wasm !== undefined, 'a sandboxed program has no environment'],
  [
    'env_setup',
    ({ code, wasm }) => code === undefined && wasm === undefined,
    'is built from files of the folder of code: send the folder along with -C DIR (field "code")',
  ],
];

/** Adds what is wrong with these fields of a submission, taken together. */
export function checkProcess(given: Given, context: z.RefinementCtx): void {
  for (const [field, isWrong, message] of RULES)
    if (given[field] !== undefined && isWrong(given)) context.addIssue({ code: 'custom', path: [field], message });
}

/** The same, as it is shown. */
export const PROCESS_VIEW = {
  code: TaskCode.nullable().default(null),
  secrets: z.array(z.string()).nullable().default(null),
  env_setup: z.string().nullable().default(null),
};
