import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3StoreConfig } from '../object-store.js';
import { asObjectError, type S3Subject } from './s3-errors.js';

const CONNECT_MS = 5000;
/** Longest silence on a connection; a reader that pauses longer loses its download. */
const IDLE_MS = 120_000;
/** Longest time until an answer begins, the sending of the body included. */
const ANSWER_MS = 15 * 60_000;
const ATTEMPTS = 4;
/** For requests without a body to speak of: how long one attempt may take. */
export const QUICK = { requestTimeout: 30_000 } as const;
const SOCKETS = 64;

/** What the client has to say beside its errors goes nowhere; by default some of it goes to the console. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/**
 * A client that works with AWS and with other stores alike: no checksums unless a call demands them (they
 * would be framed into streams, or signed into URLs without their body), everything bounded in time.
 */
export function s3Client(config: S3StoreConfig, endpoint: string | undefined): S3Client {
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const settings: S3ClientConfig = {
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: IDLE_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
  return new S3Client(endpoint === undefined ? settings : { ...settings, endpoint });
}

/** Runs a request to the store; its failures become `MitoError`s, an abort its own reason. */
export async function asking<T>(
  request: () => Promise<T>,
  subject: S3Subject & { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  subject.signal?.throwIfAborted();
  try {
    return await request();
  } catch (error) {
    subject.signal?.throwIfAborted();
    throw asObjectError(error, subject);
  }
}
