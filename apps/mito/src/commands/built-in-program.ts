import { MitoError } from '@mitosis/domain';

/** The workloads that come with Mitosis. */
export const BUILT_IN_PROGRAMS = ['matrix_mul', 'password_hash', 'mandelbrot'] as const;

/** Where they are, seen from here: beside the bundled command, and in a clone. */
const PLACES = ['../programs', '../../../../workloads/dist'];

/** The program of a built-in workload, or undefined for any other name. Throws when it was not built. */
export async function builtInProgram(name: string): Promise<{ name: string; bytes: Uint8Array } | undefined> {
  if (!BUILT_IN_PROGRAMS.some((known) => known === name)) return undefined;
  const { readFile } = await import('node:fs/promises');
  let cause: unknown;
  for (const place of PLACES) {
    try {
      return { name, bytes: await readFile(new URL(`${place}/${name}.wasm`, import.meta.url)) };
    } catch (error) {
      cause = error;
    }
  }
  throw new MitoError('unavailable', 'not_built', `the workload ${name} is not built: run "node workloads/build.mjs"`, {
    cause,
  });
}
