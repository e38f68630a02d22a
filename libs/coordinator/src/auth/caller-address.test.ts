import test from 'ava';
import { callerAddressWith, placeOf } from './caller-address.js';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never;

test('the caller is who the nearest proxy that is trusted has seen', (t) => {
  const of = callerAddressWith(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
  t.is(of(request('203.0.113.5', '1.2.3.4')), '203.0.113.5', 'nobody is trusted who is not named');
  t.is(of(request('10.0.0.1', '1.2.3.4')), '1.2.3.4');
  t.is(of(request('::ffff:10.0.0.1', '1.2.3.4')), '1.2.3.4');
  t.is(of(request('10.0.0.1', '6.6.6.6, 1.2.3.4, 192.0.2.7')), '1.2.3.4', 'what the caller wrote counts for nothing');
  t.is(of(request('10.0.0.1')), '10.0.0.1');
  t.is(of(request('10.0.0.1', 'nonsense')), '10.0.0.1');
  t.is(of(request('fd00::1', '2001:db8::1')), '2001:db8::1');
  t.is(callerAddressWith([])(request('127.0.0.1', '1.2.3.4')), '127.0.0.1');
  for (const bad of ['', 'x', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', 'host/8'])
    t.throws(() => callerAddressWith([bad]), { code: 'invalid_request' }, bad);
});

test('an IPv6 network of 64 bits is one place', (t) => {
  t.is(placeOf('192.0.2.1'), '192.0.2.1');
  t.is(placeOf('2001:db8:0:7::1'), '2001:db8:0:7::/64');
  t.is(placeOf('2001:0DB8:0:7:aaaa:bbbb:cccc:dddd'), '2001:db8:0:7::/64');
  t.is(placeOf('::1'), '0:0:0:0::/64');
  t.is(placeOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
});
