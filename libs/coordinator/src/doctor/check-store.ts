import { randomUUID } from 'node:crypto';
import type { Finding } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { CHECK_MS, failure, ok, reasonOf } from './check.js';

const PROBE = Buffer.from('mitosis doctor');

/** Writes, reads and removes a small object, and fetches it by a signed URL as a worker would. Never throws. */
export async function checkStore(store: ObjectStore): Promise<Finding[]> {
  const key = `doctor/${randomUUID()}`;
  try {
    await store.prepare();
    await store.put(key, PROBE, { sizeBytes: PROBE.length });
  } catch (error) {
    return [
      failure(
        'store.usable',
        `nothing can be stored: ${reasonOf(error)}`,
        'see s3, s3_bucket, s3_access_key and s3_secret_key; without S3 see that state_dir can be written',
      ),
    ];
  }
  const findings = [ok('store.usable', 'objects can be stored')];
  try {
    findings.push(await checkSigned(store, key));
    await store.delete(key);
  } catch (error) {
    findings.push(
      failure(
        'store.removable',
        `an object can't be removed: ${reasonOf(error)}`,
        'let the key of the coordinator delete objects',
      ),
    );
  }
  return findings;
}

async function checkSigned(store: ObjectStore, key: string): Promise<Finding> {
  const { url, headers } = await store.signGet(key, { expiresInS: 60, downloadName: 'doctor' });
  if (!URL.canParse(url)) return ok('store.signed-urls', 'the coordinator itself serves the objects');
  const { origin } = new URL(url);
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(CHECK_MS) });
    await response.arrayBuffer();
    if (response.ok) return ok('store.signed-urls', `signed URLs of ${origin} work from here`);
    return failure(
      'store.signed-urls',
      `${origin} refuses a signed URL with ${response.status}`,
      'see s3_region and s3_force_path_style, and the clock of this machine',
    );
  } catch (error) {
    return failure(
      'store.signed-urls',
      `${origin} can't be reached: ${reasonOf(error)}`,
      'workers and clients fetch from there, too: name an address that all of them reach',
    );
  }
}
