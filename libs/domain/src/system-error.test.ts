import test from 'ava';
import { MitoError } from './errors.js';
import { systemError } from './system-error.js';

const failed = (facts: object): Error => Object.assign(new Error('as Node.js says it'), facts);

const said = test.macro({
  exec: (t, facts: object, code: string, message: string) => {
    const error = systemError(failed(facts));
    t.is(error?.message, message);
    t.is(error?.code, code);
  },
  title: (_, facts) => `an error of the system becomes a sentence: ${JSON.stringify(facts)}`,
});
test(
  said,
  { code: 'EACCES', syscall: 'mkdir', path: '/nonexistent' },
  'no_permission',
  "/nonexistent can't be created: permission denied (EACCES). Choose another place, or change its permissions.",
);
test(
  said,
  { code: 'ENOSPC', syscall: 'write' },
  'disk_full',
  "The output can't be written: no space is left there (ENOSPC). Make room, then try again.",
);
test(
  said,
  { code: 'EISDIR', syscall: 'rename', path: 'a.part', dest: 'a' },
  'is_folder',
  "a.part → a can't be put in place: it is a folder (EISDIR). Name a file, or remove the folder.",
);
test(
  said,
  { code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 5000 },
  'port_in_use',
  "Port 5000 of 127.0.0.1 can't be used: the port is already in use (EADDRINUSE). Choose another port.",
);

test(
  said,
  { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nonsense' },
  'address_unusable',
  "The name nonsense can't be looked up: no address is known for it (ENOTFOUND). Check the name, or write an address.",
);

test('what is not an error of the system is left alone', (t) => {
  t.is(systemError(new TypeError('a bug')), undefined);
  t.is(systemError('a text'), undefined);
  t.is(systemError(failed({ code: 'ERR_ASSERTION' })), undefined);
  const own = new MitoError('invalid', 'own' as string, 'ours');
  t.is(systemError(own), own);
});
