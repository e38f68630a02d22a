import test from 'ava';
import { addressUrl, checkAddress } from './address.js';

const joined = test.macro({
  exec: (t, address: string, place: string, url: string) => t.is(addressUrl(address, place).href, url),
  title: (_, address, place) => `${place} at ${address}`,
});
test(joined, 'http://h:5000', '/tasks', 'http://h:5000/tasks');
test(joined, 'http://h:5000/', '/tasks', 'http://h:5000/tasks');
test(joined, 'http://h/a/b', '/tasks?limit=1', 'http://h/a/b/tasks?limit=1');
test(joined, 'http://h/a/b///', '/objects/x?sig=a%2Fb&e=1', 'http://h/a/b/objects/x?sig=a%2Fb&e=1');
test(joined, 'http://h/a%20b', '/tasks/%2F', 'http://h/a%20b/tasks/%2F');
test(joined, 'http://h/a', '/groups/x/file?key=a/b?c', 'http://h/a/groups/x/file?key=a/b?c');
test(joined, 'https://[::1]:5000/a', '/workers/me/channel', 'https://[::1]:5000/a/workers/me/channel');
test(joined, 'http://h/a', 'https://store/bucket/k?X=1', 'https://store/bucket/k?X=1');
test(joined, 'http://h/a', '', 'http://h/a/');

const kept = test.macro({
  exec: (t, typed: string, address: string) => t.is(checkAddress(typed), address),
  title: (_, typed) => `the address ${typed} is accepted`,
});
test(kept, 'http://127.0.0.1:5000', 'http://127.0.0.1:5000');
test(kept, 'http://127.0.0.1:5000/', 'http://127.0.0.1:5000');
test(kept, ' HTTPS://Lab.Example:443/mito/ ', 'https://lab.example/mito');
test(kept, 'http://[::1]:5000', 'http://[::1]:5000');

const refused = test.macro({
  exec: (t, typed: string, reason: RegExp) => {
    t.like(
      t.throws(() => checkAddress(typed)),
      { code: 'invalid_request', details: { field: 'coordinator_addr' } },
    );
    t.regex(String(t.throws(() => checkAddress(typed)).message), reason);
  },
  title: (_, typed) => `the address "${typed}" is refused`,
});
test(refused, 'lab:5000', /not an HTTP address/);
test(refused, '127.0.0.1:5000', /not an HTTP address/);
test(refused, 'ftp://lab', /not an HTTP address/);
test(refused, '', /not an HTTP address/);
test(refused, 'http://a:b@lab', /no user name/);
test(refused, 'http://a@lab', /no user name/);
test(refused, 'http://lab/?x=1', /no "\?"/);
test(refused, 'http://lab?', /no "\?"/);
test(refused, 'http://lab/#x', /no "\?"/);
