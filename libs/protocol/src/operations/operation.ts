import type { z } from 'zod';
import type { Access } from '@mitosis/domain';

/**
 * Who may call: `anyone`; `user`, a person who is logged in; `worker`, a registered worker for
 * itself; or the action that the policy module (`isAllowed`) is asked about the object named in the
 * request. `signed`: the URL itself is the credential.
 */
export type OperationAccess = 'anyone' | 'user' | 'worker' | 'signed' | Access['action'];

/** One route of the API. The list of them is what the reference, the clients and the matrix of access are made from. */
export interface Operation {
  /** Stable, dotted: the object, then what is done with it, for example `tasks.submit`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the router has it, parameters with a colon: `/tasks/:uuid`. */
  readonly path: string;
  /** One line, imperative. */
  readonly summary: string;
  readonly access: OperationAccess;
  /** The body, when there is one. */
  readonly request?: z.ZodType;
  /** True when its body may have 16 MB; others have 2 MB, and 8 KB where anyone may call. */
  readonly isBulky?: boolean;
  /** The query string, when it means something. */
  readonly query?: z.ZodType;
  /** The body of the answer; without one the answer is empty, or as `answerType` says. */
  readonly answer?: z.ZodType;
  /** Of a success; 200 with an answer and 204 without, when not given. */
  readonly status?: number;
  /** Of a failure that has the same answer. */
  readonly otherStatus?: number;
  /** True when people do it so often that the audit log notes only refusals. */
  readonly isFrequent?: boolean;
  /** Media type of the answer when it is not JSON; `websocket` for an upgrade. */
  readonly answerType?: 'text/event-stream' | 'text/html' | 'text/plain' | 'application/octet-stream' | 'websocket';
}
