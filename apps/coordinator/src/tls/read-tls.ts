import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import type { CoordinatorConfig } from '@mitosis/config';
import { MitoError } from '@mitosis/domain';
import { ownCertificate } from './own-certificate.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

function invalidSetting(field: string, message: string, cause?: unknown): MitoError {
  return new MitoError('invalid', 'invalid_config', `[coordinator] ${field}: ${message}`, {
    details: { field },
    cause,
  });
}

export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

async function readSetting(field: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw invalidSetting(field, cause.message, cause);
  });
}

/**
 * Certificate and key, when there are some. Throws `invalid_config` when they do not fit, and when
 * passwords and tokens would travel in the clear without anybody having said that they may.
 */
export async function readTls(config: CoordinatorConfig): Promise<{ cert: string; key: string } | undefined> {
  const { tls_cert: certFile, tls_key: keyFile, insecure_http: isInsecure, require_tls: isRequired, bind } = config;
  if (certFile === undefined && keyFile === undefined) {
    if (config.tls_own) return ownCertificate(path.resolve(config.state_dir, 'tls'));
    if (isRequired) throw invalidSetting('require_tls', 'refuses plain HTTP: set tls_cert and tls_key');
    if (isLoopback(bind.host) || isInsecure) return undefined;
    throw invalidSetting(
      'bind',
      `${bind.host} can be reached by others: set tls_cert and tls_key, ` +
        'or tls_own for a certificate of its own, or insecure_http (--insecure-http) behind a proxy that ends TLS',
    );
  }
  if (certFile === undefined || keyFile === undefined) {
    throw invalidSetting(
      certFile === undefined ? 'tls_cert' : 'tls_key',
      'is missing: a certificate and its key go together',
    );
  }
  const tls = { cert: await readSetting('tls_cert', certFile), key: await readSetting('tls_key', keyFile) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw invalidSetting('tls_cert', `certificate and key can't be used: ${(cause as Error).message}`, cause);
  }
  return tls;
}
