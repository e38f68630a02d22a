/**
 * Where something of an attempt is stored. The attempt is part of the key, so that a late upload
 * of a lost attempt never touches what the current one stored.
 */
export function objectKey(taskId: string, attempt: number, what: string): string {
  return `t/${taskId}/${attempt}/${what}`;
}
