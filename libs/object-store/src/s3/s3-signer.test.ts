import { PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { s3Client } from './s3-connection.js';
import { S3Signer } from './s3-signer.js';

const config = {
  kind: 's3',
  region: 'us-east-1',
  bucket: 'bucket',
  accessKeyId: 'key',
  secretAccessKey: 'secret',
  forcePathStyle: true,
} as const;
const signer = new S3Signer(s3Client(config, 'http://127.0.0.1:9'), () => new Date('2026-11-21T00:00:00.900Z'));
const target = { Bucket: 'bucket', Key: 'a/b', ContentLength: 7 };

test('the length of an upload is signed', async (t) => {
  const signed = await signer.sign(new PutObjectCommand(target), 60);
  t.is(new URL(signed.url).searchParams.get('X-Amz-SignedHeaders'), 'content-length;host');
  t.deepEqual(signed.headers, {});
});

test('a write-once upload has its condition signed, and tells the header to send', async (t) => {
  const signed = await signer.sign(new PutObjectCommand({ ...target, IfNoneMatch: '*' }), 60);
  t.is(new URL(signed.url).searchParams.get('X-Amz-SignedHeaders'), 'content-length;host;if-none-match');
  t.deepEqual(signed.headers, { 'if-none-match': '*' });
});

test('a URL expires the signed number of seconds after the clock that signed it', async (t) => {
  const { url, expiresAt } = await signer.sign(new PutObjectCommand(target), 60);
  t.is(new URL(url).searchParams.get('X-Amz-Date'), '20261121T000000Z');
  t.is(new URL(url).searchParams.get('X-Amz-Expires'), '60');
  t.deepEqual(expiresAt, new Date('2026-11-21T00:01:00Z'));
});
