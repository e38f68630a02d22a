import test from 'ava';
import { isPublicAddress } from './public-address.js';

test('only addresses of the public internet are public, whatever form they are written in', (t) => {
  const open = [
    '8.8.8.8',
    '1.1.1.1',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '2606:4700::1111',
    '172.32.0.1',
    '100.128.0.1',
  ];
  const closed = [
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.19.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '0:0:0:0:0:ffff:a00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '5f00::1',
    '',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '8.8.8.8.8',
  ];
  for (const address of open) t.true(isPublicAddress(address), address);
  for (const address of closed) t.false(isPublicAddress(address), address);
});
