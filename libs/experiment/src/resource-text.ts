import { invalidField } from '@mitosis/domain';
import type { ArtifactKind, SubmitTaskInput } from '@mitosis/protocol';

const RESOURCE =
  /^(unpack:)?(?:attachment=(?<key>.+?)|artifact=(?<task>[^:]*):(?<kind>result|exec-log|std-log|env-log)):(?<path>[^:]+)$/s;

/** `attachment=KEY:PATH` or `artifact=UUID:KIND:PATH`; `unpack:` before it has it unpacked into PATH. */
export function parseResource(text: string, field: string): NonNullable<SubmitTaskInput['resources']>[number] {
  const match = RESOURCE.exec(text);
  const { key, task, kind, path = '' } = match?.groups ?? {};
  const placement = { path, unpack: match?.[1] !== undefined };
  if (key !== undefined) return { from: 'attachment', key, ...placement };
  if (task === undefined)
    throw invalidField(field, `"${text}" is neither attachment=KEY:PATH nor artifact=UUID:KIND:PATH`);
  return { from: 'artifact', task, kind: kind as ArtifactKind, ...placement };
}
