import { invalidField, meantArtifactKind } from '@mitosis/domain';
import { ARTIFACT_KINDS, type SubmitTaskInput } from '@mitosis/protocol';

const ARTIFACT = 'artifact=(?<task>[^:]*):(?<typed>[^:]*)';
const RESOURCE = new RegExp(`^(unpack:)?(?:attachment=(?<key>.+?)|${ARTIFACT}):(?<path>[^:]+)$`, 's');

/** `attachment=KEY:PATH` or `artifact=UUID:KIND:PATH`; `unpack:` before it has it unpacked into PATH. */
export function parseResource(text: string, field: string): NonNullable<SubmitTaskInput['resources']>[number] {
  const match = RESOURCE.exec(text);
  const { key, task, typed = '', path = '' } = match?.groups ?? {};
  const placement = { path, unpack: match?.[1] !== undefined };
  if (key !== undefined) return { from: 'attachment', key, ...placement };
  const kind = ARTIFACT_KINDS.find((known) => known === meantArtifactKind(typed));
  if (task === undefined || kind === undefined)
    throw invalidField(field, `"${text}" is neither attachment=KEY:PATH nor artifact=UUID:KIND:PATH`);
  return { from: 'artifact', task, kind, ...placement };
}
