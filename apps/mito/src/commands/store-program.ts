import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { builtInProgram } from './built-in-program.js';
import { ATTACHMENT_PREFIX, programName, readProgram } from './read-program.js';

export interface ProgramSource {
  /** `attachment:KEY` of the group, or a file. */
  readonly program: string;
  /** The option or argument that named it, for errors. */
  readonly field: string;
  readonly group: string | undefined;
  /** Whether the name of a workload that comes with Mitosis counts, too. */
  readonly isBuiltInAllowed?: boolean;
}

/** Makes sure that the group has the program, and returns its key or hash. Throws errors that name `field`. */
export async function storeProgram(
  api: MitosisClient,
  source: ProgramSource,
): Promise<{ name: string; sha256: string }> {
  try {
    return await stored(api, source);
  } catch (error) {
    throw error instanceof MitoError ? naming(source.field, error) : error;
  }
}

async function stored(
  api: MitosisClient,
  { program, group, isBuiltInAllowed = false }: ProgramSource,
): Promise<{ name: string; sha256: string }> {
  if (program.startsWith(ATTACHMENT_PREFIX)) {
    const { sha256 } = await api.programs.fromAttachment(program.slice(ATTACHMENT_PREFIX.length), { group });
    return { name: programName(program), sha256 };
  }
  const { name, bytes } =
    (isBuiltInAllowed ? await builtInProgram(program) : undefined) ?? (await readProgram(program));
  const { sha256 } = await api.programs.ensure(bytes, { name, group });
  return { name, sha256 };
}

/** Only what is wrong with the program is the field's fault. */
function naming(field: string, error: MitoError): MitoError {
  const isAboutIt = error.kind === 'invalid' || error.code === 'attachment_not_found';
  if (!isAboutIt) return error;
  const details = { ...error.details, field };
  return new MitoError(error.kind, error.code, `${field}: ${error.message}`, { cause: error, details });
}
