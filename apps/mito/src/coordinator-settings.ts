import { CoordinatorConfig, loadSettings } from '@mitosis/config';

const UNSET = 'postgres://unset';

/** The settings of a coordinator on this machine; undefined when no database is named anywhere. */
export async function loadCoordinatorConfig(
  env: Readonly<Record<string, string | undefined>>,
  configFile: string | undefined,
  flags: Readonly<Record<string, unknown>> = {},
): Promise<CoordinatorConfig | undefined> {
  const Checked = CoordinatorConfig.extend({ db_url: CoordinatorConfig.shape.db_url.unwrap().default(UNSET) });
  const config = loadSettings('coordinator', Checked, { env, cwd: process.cwd(), configFile, flags });
  return config.db_url === UNSET ? undefined : config;
}
