import { z } from 'zod';
import { ArtifactKind } from '../artifacts.js';
import { Sha256, Uuid } from '../fields.js';

const PathUuid = z.string().refine((text) => Uuid.safeParse(text).success, 'is not a UUID');

/** A name in the path. Text that can't be a name is the name of nothing, and the request returns 404. */
const PathName = z.string().transform((text) => text.replaceAll('\0', '\uFFFD'));

/** What a parameter of a path means, by its name. A path with another parameter does not compile. */
export const PATH_PARAMETERS = {
  uuid: PathUuid,
  upload: PathUuid,
  name: PathName,
  group: PathName,
  username: PathName,
  secret: PathName,
  sha256: Sha256,
  kind: z.string().pipe(z.enum(ArtifactKind.options, { error: () => 'use result, exec-log, std-log or env-log' })),
} as const;

export type PathParameter = keyof typeof PATH_PARAMETERS;

/** The names of the parameters in a path: `'uuid' | 'kind'` for `/tasks/:uuid/artifacts/:kind`. */
export type ParametersIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParametersIn<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** Names of the parameters in a path, in their order. */
export function parametersIn(path: string): PathParameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as PathParameter);
}
