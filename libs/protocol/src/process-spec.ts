import { z } from 'zod';
import { TaskCode } from './code.js';
import { TaskSecrets } from './secrets.js';

/** What a task asks for besides its command: the person's code and surroundings. */
export const PROCESS_SHAPE = {
  /** The folder that it starts in; its files are laid into the working folder before it starts. */
  code: TaskCode.optional(),
  /** Secrets of its group that it finds in its environment, each in the variable of its name. */
  secrets: TaskSecrets.optional(),
};

/** The same, as it is shown. */
export const PROCESS_VIEW = {
  code: TaskCode.nullable().default(null),
  secrets: z.array(z.string()).nullable().default(null),
};
