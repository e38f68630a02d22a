import type { DataSource, EntityManager } from 'typeorm';
import { invalidField, MitoError } from '@mitosis/domain';
import { SECRET_LIMITS, SecretName, type SecretView } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { findGroup } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { seal, unseal } from './seal.js';

export interface GroupSecretsDeps {
  readonly dataSource: DataSource;
  /** 256 bits that are not in the database. */
  readonly key: Buffer;
}

const VIEW = `
  SELECT s.name, u.username AS set_by, ${iso('s.set_at')} AS set_at
  FROM group_secrets s JOIN users u ON u.id = s.set_by`;

function notFound(name: string): MitoError {
  const message = `the group has no secret "${name}"; "mito secrets set" makes one`;
  return new MitoError('not-found', 'secret_not_found', message, { details: { field: 'secrets' } });
}

const placeOf = (groupId: string, name: string): string => `${groupId}/${name}`;

/**
 * Values that tasks of a group get in their environment. Administrators of the group set and replace them; nobody
 * can read them, and they are in no view, log or queue.
 */
export class GroupSecrets {
  constructor(private readonly deps: GroupSecretsDeps) {}

  async list(actor: UserActor, group: string): Promise<SecretView[]> {
    const id = await this.groupFor(actor, group, 'group.read');
    return this.deps.dataSource.query(`${VIEW} WHERE s.group_id = $1 ORDER BY s.name`, [id]);
  }

  async set(actor: UserActor, group: string, name: string, value: string): Promise<SecretView> {
    const parsed = SecretName.safeParse(name);
    if (!parsed.success) throw invalidField('secret', parsed.error.issues[0]?.message ?? 'is not a valid name');
    const id = await this.groupFor(actor, group, 'group.manage');
    const sealed = seal(this.deps.key, placeOf(id, name), value);
    return this.deps.dataSource.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO group_secrets (group_id, name, sealed, set_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (group_id, name) DO UPDATE SET sealed = excluded.sealed, set_by = excluded.set_by, set_at = now()`,
        [id, name, sealed, actor.userId],
      );
      await recordRequest(tx, `secret ${name}`, { group });
      const [view] = (await tx.query(`${VIEW} WHERE s.group_id = $1 AND s.name = $2`, [id, name])) as [SecretView];
      return view;
    });
  }

  async delete(actor: UserActor, group: string, name: string): Promise<void> {
    const id = await this.groupFor(actor, group, 'group.manage');
    await this.deps.dataSource.transaction(async (tx) => {
      const [, count] = (await tx.query('DELETE FROM group_secrets WHERE group_id = $1 AND name = $2', [id, name])) as [
        unknown,
        number,
      ];
      if (count === 0) throw notFound(name);
      await recordRequest(tx, `secret ${name}`, { group });
    });
  }

  /** The values for a task that is handed out. Throws `secret_not_found`, `secret_unreadable`. */
  async valuesFor(groupId: string, names: readonly string[]): Promise<Record<string, string>> {
    if (names.length === 0) return {};
    const rows = (await this.deps.dataSource.query(
      'SELECT name, sealed FROM group_secrets WHERE group_id = $1 AND name = ANY ($2)',
      [groupId, names],
    )) as { name: string; sealed: Buffer }[];
    const sealed = new Map(rows.map((row) => [row.name, row.sealed]));
    return Object.fromEntries(
      names.map((name) => {
        const found = sealed.get(name);
        if (!found) throw notFound(name);
        return [name, unseal(this.deps.key, placeOf(groupId, name), found)];
      }),
    );
  }

  /**
   * Replaces the secrets of a group in text that leaves the deployment. What tasks print was masked by their workers;
   * this is for names and for tasks that had a value from elsewhere.
   */
  async maskFor(groupId: string): Promise<(text: string) => string> {
    const rows = (await this.deps.dataSource.query('SELECT name, sealed FROM group_secrets WHERE group_id = $1', [
      groupId,
    ])) as { name: string; sealed: Buffer }[];
    const values = rows.flatMap(({ name, sealed }) => this.formsFor(placeOf(groupId, name), sealed));
    const longestFirst = values.toSorted((a, b) => b.length - a.length);
    return (text) => longestFirst.reduce((masked, value) => masked.replaceAll(value, '***'), text);
  }

  /** A secret that can't be opened, as the keys of the deployment are other ones, is in no task either. */
  private formsFor(place: string, sealed: Buffer): string[] {
    try {
      return formsOf(unseal(this.deps.key, place, sealed));
    } catch (error) {
      if (error instanceof MitoError && error.code === 'secret_unreadable') return [];
      throw error;
    }
  }

  private async groupFor(actor: UserActor, name: string, action: 'group.read' | 'group.manage'): Promise<string> {
    const what = 'setting secrets';
    const { id } = await findGroup(this.deps.dataSource, actor, name, { action, what });
    return id;
  }
}

/** A secret as it is, line by line, and in base64. */
function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const forms = [value.trim(), ...lines, Buffer.from(value).toString('base64')];
  return forms.filter((form) => form.length >= SECRET_LIMITS.charactersMin);
}

/** Refuses tasks that ask for a secret that their group does not have. Throws `secret_not_found`. */
export async function assertSecrets(
  tx: EntityManager,
  tasks: readonly { readonly groupId: string; readonly names: readonly string[] }[],
): Promise<void> {
  const wanted = tasks.flatMap(({ groupId, names }) => names.map((name) => ({ groupId, name })));
  if (wanted.length === 0) return;
  const rows = (await tx.query(
    `SELECT w.name FROM unnest($1::uuid[], $2::text[]) AS w(group_id, name)
     WHERE NOT EXISTS (SELECT 1 FROM group_secrets s WHERE s.group_id = w.group_id AND s.name = w.name) LIMIT 1`,
    [wanted.map(({ groupId }) => groupId), wanted.map(({ name }) => name)],
  )) as { name: string }[];
  if (rows[0]) throw notFound(rows[0].name);
}
