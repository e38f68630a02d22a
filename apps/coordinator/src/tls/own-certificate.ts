import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { addressBits } from '@mitosis/domain';
import { bits, boolean, der, integer, octets, oid, sequence, set, time, utf8 } from './der.js';

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 3650;
/** It is made again, with the same key, at a start at which it is good for less than this. */
const RENEW_DAYS = 365;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  alternativeNames: '2.5.29.17',
};

/**
 * The certificate of a coordinator that was given none: made at the first start, in `folder`, for the names and
 * addresses of this machine. The key stays for ever: what others have pinned is its public part. The certificate is
 * made again when it ends within a year, or when the machine has other addresses.
 */
export async function ownCertificate(folder: string, now = new Date()): Promise<{ cert: string; key: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = await ownKey(path.join(folder, 'key.pem'));
  const file = path.join(folder, 'cert.pem');
  const names = ownNames();
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present !== undefined && isGood(present, key, { names, now })) return { cert: present, key };
  const cert = selfSigned(key, { names, now });
  await replace(file, cert);
  return { cert, key };
}

async function ownKey(file: string): Promise<string> {
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (present !== undefined) return present;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await replace(file, pem);
  return pem;
}

async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, file);
}

/** Names and addresses under which this machine may be reached. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return [...new Set(['localhost', hostname(), ...addresses.map((address) => address.replace(/%.*$/, ''))])].sort();
}

interface Wanted {
  readonly names: readonly string[];
  readonly now: Date;
}

function isGood(pem: string, key: string, { names, now }: Wanted): boolean {
  try {
    const cert = new X509Certificate(pem);
    const lasts = Date.parse(cert.validTo) - now.getTime() > RENEW_DAYS * DAY_MS;
    const covers = names.every((name) => (addressBits(name) ? cert.checkIP(name) : cert.checkHost(name)) !== undefined);
    return (
      lasts && covers && Date.parse(cert.validFrom) <= now.getTime() && cert.checkPrivateKey(createPrivateKey(key))
    );
  } catch {
    return false;
  }
}

/** A certificate signed with its own key (RFC 5280, 4.1). It is valid from a day ago: clocks differ. */
export function selfSigned(key: string, { names, now }: Wanted): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const subject = sequence(set(sequence(oid(OID.commonName), utf8('Mitosis coordinator'))));
  const begin = new Date(now.getTime() - DAY_MS);
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    subject,
    sequence(time(begin), time(new Date(now.getTime() + LIFETIME_DAYS * DAY_MS))),
    subject,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(names))),
  );
  const whole = sequence(toBeSigned, algorithm, bits(sign('sha256', toBeSigned, key)));
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extensions(names: readonly string[]): Buffer[] {
  const digitalSignature = der(0x03, Buffer.of(7, 0x80));
  return [
    sequence(oid(OID.basicConstraints), boolean(true), octets(sequence())),
    sequence(oid(OID.keyUsage), boolean(true), octets(digitalSignature)),
    sequence(oid(OID.extendedKeyUsage), octets(sequence(oid(OID.serverAuth)))),
    sequence(oid(OID.alternativeNames), octets(sequence(...names.map(alternativeName)))),
  ];
}

function alternativeName(name: string): Buffer {
  const address = addressBits(name);
  if (!address) return der(0x82, Buffer.from(name));
  return der(0x87, Buffer.from(address.value.toString(16).padStart(address.length / 4, '0'), 'hex'));
}
