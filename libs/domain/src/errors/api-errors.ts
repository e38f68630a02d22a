import type { CatalogueEntry } from './catalogue-entry.js';

/** Requests, logins and the API; Users, groups, workers. */
export const API_ERRORS = {
  unknown_worker: {
    kind: 'unauthenticated',
    means: 'The coordinator does not know the worker.',
    todo: 'Enrol it again.',
  },
  worker_name_taken: {
    kind: 'conflict',
    means: 'Another worker has the name.',
    todo: 'Choose another name, or revoke the other worker.',
  },
  admin_exists: {
    kind: 'conflict',
    means: 'An administrator exists already.',
    todo: 'Ask an administrator to create others with `mito admin users create --admin`.',
  },
  admin_required: {
    kind: 'forbidden',
    means: 'Only site administrators may do this.',
    todo: 'Ask a site administrator.',
  },
  body_too_large: {
    kind: 'too-large',
    means: 'The body of the request is larger than this operation takes.',
    todo: 'Send less in one request.',
  },
  body_too_slow: {
    kind: 'timeout',
    means: 'The body of the request did not arrive in time.',
    todo: 'Check the connection and send it again.',
  },
  client_gone: {
    kind: 'unavailable',
    means: 'The client closed the connection before the response.',
    todo: 'Nothing; the request was not answered.',
  },
  creator_gone: {
    kind: 'forbidden',
    means: 'The creator of the task may no longer submit.',
    todo: 'Submit it as somebody who may.',
  },
  enrolment_not_found: {
    kind: 'not-found',
    means: 'There is no such enrolment code of yours.',
    todo: '`mito workers enrolments` lists them.',
  },
  group_busy: {
    kind: 'conflict',
    means: 'The group has open tasks.',
    todo: 'Cancel them, or wait until they have ended.',
  },
  group_locked: {
    kind: 'conflict',
    means: 'The group is locked: nothing new starts or is stored in it.',
    todo: 'Ask an administrator of the group to unlock it.',
  },
  group_not_found: {
    kind: 'not-found',
    means: 'There is no such group that you are a member of.',
    todo: 'Check the name; ask an administrator of the group to add you.',
  },
  group_quota: {
    kind: 'conflict',
    means: 'You have created as many groups as you may.',
    todo: 'Delete one, or ask a site administrator for more.',
  },
  invalid_code: {
    kind: 'unauthenticated',
    means: 'The enrolment code is unknown, used up or has expired.',
    todo: 'Create another one with `mito workers enroll`.',
  },
  invalid_request: {
    kind: 'invalid',
    means: 'A field of the request is wrong; `details.field` names it.',
    todo: 'Correct the field that is named.',
  },
  invalid_token: {
    kind: 'unauthenticated',
    means: 'The token is invalid, has expired or was revoked.',
    todo: 'Log in again, or use another API token.',
  },
  last_admin: {
    kind: 'conflict',
    means: 'The deployment would have no active administrator.',
    todo: 'Make somebody else an administrator first.',
  },
  last_group_admin: {
    kind: 'conflict',
    means: 'The group would have no administrator.',
    todo: 'Make another member an administrator first.',
  },
  last_worker_admin: {
    kind: 'conflict',
    means: 'No group would be administrator of the worker.',
    todo: 'Give another group the role first, or revoke the worker.',
  },
  login_required: {
    kind: 'forbidden',
    means: 'This needs a login; an API token does not do.',
    todo: 'Log in with `mito login`.',
  },
  member_not_found: {
    kind: 'not-found',
    means: 'The user is not a member of the group.',
    todo: '`mito groups get` lists them.',
  },
  name_taken: {
    kind: 'conflict',
    means: 'The name is in use.',
    todo: 'Choose another one, or remove the old one first.',
  },
  no_administrator: {
    kind: 'conflict',
    means: 'There is no active administrator.',
    todo: 'Run `mito admin bootstrap`.',
  },
  no_such_login: {
    kind: 'not-found',
    means: 'There is no login at this coordinator.',
    todo: '`mito login` shows where you are logged in.',
  },
  no_such_route: {
    kind: 'not-found',
    means: 'The API has no such method and path.',
    todo: 'Compare with `/docs`; an older coordinator lacks newer operations.',
  },
  not_allowed: {
    kind: 'forbidden',
    means: 'The caller, or the scope of the token, does not allow this.',
    todo: 'Use a login or a token with more rights, or ask an administrator.',
  },
  not_for_consumers: {
    kind: 'forbidden',
    means: 'A worker with direct access to the queue may not do this.',
    todo: 'Let the worker reach the queue through the coordinator.',
  },
  not_logged_in: {
    kind: 'unauthenticated',
    means: 'The request carries no login.',
    todo: 'Run `mito login`, or set `MITO_USER` and `MITO_PASSWORD`.',
  },
  own_group: {
    kind: 'conflict',
    means: 'The group belongs to a user of the same name.',
    todo: 'Delete the user instead.',
  },
  passwords_busy: {
    kind: 'unavailable',
    means: 'Too many passwords are being checked.',
    todo: 'Try again in a few seconds.',
  },
  passwords_differ: { kind: 'invalid', means: 'The two passwords are not the same.', todo: 'Type them again.' },
  role_required: {
    kind: 'forbidden',
    means: 'Your role in the group is not enough.',
    todo: 'Ask an administrator of the group for the role that is named.',
  },
  token_not_found: { kind: 'not-found', means: 'You have no such API token.', todo: '`mito tokens list` lists them.' },
  too_many_attempts: {
    kind: 'rate-limited',
    means: 'Too many wrong passwords or codes.',
    todo: 'Wait for `details.retry_after_s` seconds.',
  },
  too_many_requests: {
    kind: 'rate-limited',
    means: 'The caller has too many requests waiting.',
    todo: 'Send fewer at a time.',
  },
  too_many_tokens: {
    kind: 'conflict',
    means: 'You have as many API tokens as a user may have.',
    todo: 'Revoke some first.',
  },
  too_many_tests: {
    kind: 'rate-limited',
    means: 'Too many test messages within an hour.',
    todo: 'Wait for `details.retry_after_s` seconds.',
  },
  too_many_workers: {
    kind: 'conflict',
    means: 'The deployment takes no more workers (`max_nodes`).',
    todo: 'Stop a worker, or raise the setting.',
  },
  no_receiver: {
    kind: 'invalid',
    means: 'The submission is to tell somebody, and its submitter has no such receiver of notifications.',
    todo: '`mito notify add` makes one, `mito notify list` shows them.',
  },
  receiver_exists: {
    kind: 'conflict',
    means: 'There is a receiver of notifications with this name.',
    todo: 'Choose another name, or delete the other one.',
  },
  receiver_not_found: {
    kind: 'not-found',
    means: 'There is no such receiver of notifications that you may manage.',
    todo: '`mito notify list` lists them.',
  },
  too_many_receivers: {
    kind: 'conflict',
    means: 'A person or a group has too many receivers of notifications.',
    todo: 'Delete one with `mito notify delete`.',
  },
  unsupported_encoding: {
    kind: 'unsupported',
    means: 'The body has a content encoding.',
    todo: 'Send the body without `Content-Encoding`.',
  },
  user_not_found: { kind: 'not-found', means: 'There is no such user.', todo: 'Check the name.' },
  worker_gone: { kind: 'conflict', means: 'The worker has unregistered, or was revoked.', todo: 'Start another one.' },
  worker_not_found: {
    kind: 'not-found',
    means: 'There is no such worker that you may see.',
    todo: '`mito workers query` lists them.',
  },
  wrong_credentials: {
    kind: 'unauthenticated',
    means: 'The user name or the password is wrong.',
    todo: 'Check both; an administrator can set a new password.',
  },
  wrong_csrf_token: {
    kind: 'forbidden',
    means: 'The request does not come from the board itself.',
    todo: 'Reload the page.',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
