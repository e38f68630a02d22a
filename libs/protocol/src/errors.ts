import { z } from 'zod';
import { HTTP_STATUS, type ErrorKind } from '@mitosis/domain';

/** The body of every answer that is an error. */
export const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
});
export type ErrorBody = z.output<typeof ErrorBody>;

/** The kind of an HTTP status that a coordinator, or a proxy before it, answered. */
export function errorKindOf(status: number): ErrorKind | undefined {
  const kinds = Object.keys(HTTP_STATUS) as ErrorKind[];
  return kinds.find((kind) => HTTP_STATUS[kind] === status);
}
