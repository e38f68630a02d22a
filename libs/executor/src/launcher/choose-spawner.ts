import { PortableSpawner } from './portable-spawner.js';
import type { Spawner } from './spawner.js';

export interface SpawnerChoice {
  readonly spawner: Spawner;
  /** Why it is not the best one. */
  readonly remark?: string;
}

/** The Linux spawner where it works, unless `isPortable` asks for the other. */
export async function chooseSpawner(isPortable: boolean, firstTag: bigint): Promise<SpawnerChoice> {
  if (isPortable) return { spawner: new PortableSpawner() };
  try {
    // Imported late: the native part of koffi does not exist for every system.
    const { LinuxSpawner } = await import('./linux-spawner.js');
    return { spawner: new LinuxSpawner({ firstTag }) };
  } catch (error) {
    const remark = error instanceof Error ? error.message : String(error);
    return { spawner: new PortableSpawner(), remark };
  }
}
