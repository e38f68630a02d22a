import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { QUICK } from './s3-connection.js';
import { statusOf } from './s3-errors.js';

/** Creates the bucket unless it exists. */
export async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), QUICK);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await createBucket(client, bucket);
  }
}

/** Another coordinator may create it at the same moment. */
async function createBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }), QUICK);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

/**
 * Writes and deletes a small object, which proves that the bucket can be used, and tells whether the store
 * honours `If-None-Match: *`: some answer 501, some ignore it and overwrite.
 */
export async function probeWriteOnce(client: S3Client, bucket: string): Promise<boolean> {
  const probe = { Bucket: bucket, Key: `.mitosis-probe/${randomUUID()}` };
  await client.send(new PutObjectCommand({ ...probe, Body: 'probe' }), QUICK);
  try {
    await client.send(new PutObjectCommand({ ...probe, Body: 'again', IfNoneMatch: '*' }), QUICK);
    return false;
  } catch (error) {
    if (statusOf(error) === 412) return true;
    if (statusOf(error) === 501 || statusOf(error) === 400) return false;
    throw error;
  } finally {
    await client.send(new DeleteObjectCommand(probe), QUICK);
  }
}
