/**
 * How every operation responds to the kinds of callers of `CALLERS`, in their order: anonymous, no group,
 * read, write-wasm, write, admin, admin of another group, site admin, locked, expired, worker of the task, worker of
 * another group, revoked worker. `ok` is any success; other refusals than by the
 * policy (409) come after it. A change here is a change of who may do what: review it as such.
 */
export const MATRIX: Readonly<Record<string, string>> = {
  'service.health': 'ok ok ok ok ok ok ok ok ok ok ok ok ok',
  'service.ready': 'ok ok ok ok ok ok ok ok ok ok ok ok ok',
  'service.openapi': 'ok ok ok ok ok ok ok ok ok ok ok ok ok',
  'service.metrics': '401 403 403 403 403 403 403 ok 401 401 401 401 401',
  'service.metrics-summary': '401 403 403 403 403 403 403 ok 401 401 401 401 401',

  'auth.login': 'ok ok ok ok ok ok ok ok ok ok ok ok ok',
  'auth.browser-login': 'ok ok ok ok ok ok ok ok ok ok ok ok ok',
  'auth.identity': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'auth.logout': '401 ok ok ok ok ok ok ok 401 401 401 401 401',

  'account.change-password': '401 ok ok ok ok ok ok ok 401 401 401 401 401',

  'tokens.list': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'tokens.create': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'tokens.revoke': '401 ok ok ok ok ok ok ok 401 401 401 401 401',

  'users.query': '401 403 403 403 403 403 403 ok 401 401 401 401 401',
  'users.create': '401 403 403 403 403 403 403 ok 401 401 401 401 401',
  'users.get': '401 404 ok 404 404 404 404 ok 401 401 401 401 401',
  'users.update': '401 404 404 404 404 404 404 ok 401 401 401 401 401',
  'users.reset-password': '401 404 404 404 404 404 404 ok 401 401 401 401 401',
  'users.delete': '401 404 404 404 404 404 404 ok 401 401 401 401 401',

  'audit.query': '401 403 403 403 403 403 403 ok 401 401 401 401 401',

  'groups.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'groups.create': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'groups.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'groups.update': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'groups.delete': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'groups.limits': '401 404 403 403 403 403 404 ok 401 401 401 401 401',
  'groups.quotas': '401 404 403 403 403 403 404 ok 401 401 401 401 401',
  'groups.members': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'groups.update-members': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'groups.remove-member': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',

  'tasks.submit': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'tasks.submit-batch': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'tasks.wait': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'tasks.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.attempts': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.explain': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.output': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.lines': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'tasks.grep': '401 ok ok ok ok ok ok ok 401 401 401 401 401',

  'secrets.list': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'secrets.set': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'secrets.delete': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'tasks.rerun': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'jobs.rerun': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'code.offer': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'code.store-pack': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  // 404: the task was submitted without code.
  'code.of-task': '401 404 404 404 404 404 404 404 401 401 401 401 401',

  'artifacts.download': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',

  'tasks.count': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  // For everybody: tasks that the caller may not cancel are answered as not found, one by one.
  'tasks.cancel-many': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'tasks.cancel': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'tasks.change': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  // Site administrators run nothing in the name of a group.
  // 400: this is not a request for a WebSocket. 409: the task does not run.
  'tasks.exec': '401 404 403 403 400 400 404 403 401 401 401 401 401',
  'tasks.forward': '401 404 403 403 400 400 404 403 401 401 401 401 401',
  'tasks.files': '401 404 403 403 409 409 404 403 401 401 401 401 401',
  'tasks.file': '401 404 403 403 409 409 404 403 401 401 401 401 401',
  // 409: this task has no terminal.
  'tasks.open-terminal': '401 404 403 403 409 409 404 403 401 401 401 401 401',
  'tasks.type': '401 404 403 403 409 409 404 403 401 401 401 401 401',

  'jobs.create': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'jobs.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'jobs.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  // Site administrators see and end tasks, and run nothing in the name of a group.
  'jobs.add-tasks': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'jobs.results': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'jobs.failures': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'jobs.change': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'jobs.efficiency': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'usage.table': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'jobs.close': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'jobs.cancel': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'jobs.retry-failed': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'jobs.suspend': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'jobs.resume': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',

  'experiments.apply': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'experiments.tasks': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'experiments.definition': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',

  'receivers.list': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'receivers.create': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'receivers.change': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'receivers.delete': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'receivers.test': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'receivers.deliveries': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'schedules.create': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'schedules.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'schedules.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'schedules.pause': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'schedules.resume': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'schedules.run-now': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'schedules.delete': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',

  'groups.suspend': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'groups.resume': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',

  'attachments.query': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'attachments.upload': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'attachments.download': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'attachments.store': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'attachments.delete': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'attachments.delete-batch': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',

  // An upload belongs to who began it: here the caller with `write`. 409: it has no parts.
  'uploads.missing': '401 404 404 404 ok 404 404 404 401 401 401 401 401',
  'uploads.parts': '401 404 404 404 409 404 404 404 401 401 401 401 401',
  'uploads.complete': '401 404 404 404 ok 404 404 404 401 401 401 401 401',
  'uploads.abandon': '401 404 404 404 ok 404 404 404 401 401 401 401 401',

  'artifacts.upload': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'checkpoints.list': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'checkpoints.delete': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'workers.store-checkpoint': '401 401 401 401 401 401 401 401 401 401 409 409 401',
  'artifacts.delete': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',

  'storage.check': '401 403 403 403 403 403 403 ok 401 401 401 401 401',

  // The lease is the credential, whichever worker shows it; 409: the upload has no parts, the task is not a reduce.
  'workers.upload-missing': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.upload-parts': '401 401 401 401 401 401 401 401 401 401 409 409 401',
  'workers.upload-complete': '401 401 401 401 401 401 401 401 401 401 409 409 401',
  'workers.inputs': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.register': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  // With a code that nobody made.
  'workers.resume': '401 401 401 401 401 401 401 401 401 401 401 401 401',
  'workers.enroll': '401 401 401 401 401 401 401 401 401 401 401 401 401',
  'workers.renew': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'workers.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'workers.update': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'workers.revoke': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'workers.update-roles': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',
  'workers.remove-role': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',

  'enrolments.list': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'enrolments.create': '401 404 403 403 ok ok 404 403 401 401 401 401 401',
  'enrolments.revoke': '401 404 404 404 404 404 404 ok 401 401 401 401 401',

  'workers.unregister': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.claim': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.report': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.upload': '401 401 401 401 401 401 401 401 401 401 ok ok 401',
  'workers.steer': '401 404 403 403 403 ok 404 ok 401 401 401 401 401',

  // What it tells is filtered, one event at a time.
  'events.follow': '401 ok ok ok ok ok ok ok 401 401 401 401 401',

  'programs.upload': '401 404 403 ok ok ok 404 403 401 401 401 401 401',
  'programs.from-attachment': '401 404 403 ok ok ok 404 403 401 401 401 401 401',
  'programs.list': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'programs.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'programs.delete': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'workloads.submit': '401 404 403 ok ok ok 404 403 401 401 401 401 401',
  'workloads.query': '401 ok ok ok ok ok ok ok 401 401 401 401 401',
  'workloads.get': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'workloads.tasks': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'workloads.wait': '401 404 ok ok ok ok 404 ok 401 401 401 401 401',
  'workloads.cancel': '401 404 403 403 ok ok 404 ok 401 401 401 401 401',
  'workers.subtask-results': '401 401 401 401 401 401 401 401 401 401 409 409 401',
};
