import test from 'ava';
import { unreadFolder } from './git.js';

test('the first folder that git could not read is named', (t) => {
  const said =
    "warning: could not open directory 'volume/it's here/': Permission denied\nwarning: could not open directory " +
    "'b/': Permission denied";
  t.deepEqual(unreadFolder(said), { name: "volume/it's here", why: 'Permission denied' });
  t.is(unreadFolder('warning: LF will be replaced by CRLF'), undefined);
});
