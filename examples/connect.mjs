import { MitosisClient } from '@mitosis/client';

/** A client from the environment: MITO_COORDINATOR_ADDR, and MITO_TOKEN or MITO_USER with MITO_PASSWORD. */
export async function connect() {
  const { MITO_COORDINATOR_ADDR: url = 'http://127.0.0.1:5000', MITO_TOKEN, MITO_USER, MITO_PASSWORD } = process.env;
  const token = MITO_TOKEN ?? (await new MitosisClient({ url }).login(MITO_USER ?? '', MITO_PASSWORD ?? '')).token;
  return new MitosisClient({ url, token });
}
