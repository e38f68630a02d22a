import { createFirstAdmin } from '@mitosis/coordinator';
import { connect, createDataSource } from '@mitosis/database';
import { invalidField } from '@mitosis/domain';
import { CreateUser } from '@mitosis/protocol';

/**
 * Creates the first administrator in the database of a deployment, whether or not a coordinator runs on it.
 * Throws `invalid_request` naming the field, `admin_exists`, `name_taken`, `database_unavailable`.
 */
export async function bootstrapDeployment(
  databaseUrl: string,
  admin: { readonly username: string; readonly password: string },
): Promise<void> {
  const { data, error } = CreateUser.safeParse(admin);
  if (!data) throw invalidField(error.issues[0]?.path.join('.') ?? 'user', error.issues[0]?.message ?? 'is not valid');
  const dataSource = createDataSource({ url: databaseUrl, applicationName: 'mito admin bootstrap', poolSize: 2 });
  try {
    await connect(dataSource);
    await createFirstAdmin(dataSource, data);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
