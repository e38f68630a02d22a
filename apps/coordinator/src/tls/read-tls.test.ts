import test from 'ava';
import { CoordinatorConfig } from '@mitosis/config';
import { readTls } from './read-tls.js';

const read = (settings: Readonly<Record<string, unknown>>) => readTls(CoordinatorConfig.parse(settings));

test('plain HTTP is for loopback, or for whoever says that it may be', async (t) => {
  for (const bind of ['127.0.0.1:5000', '[::1]:5000', 'localhost:5000']) t.is(await read({ bind }), undefined);
  await t.throwsAsync(read({ bind: '0.0.0.0:5000' }), { code: 'invalid_config', message: /bind: .*tls_cert/ });
  t.is(await read({ bind: '0.0.0.0:5000', insecure_http: true }), undefined);
});

test('require_tls refuses plain HTTP everywhere', async (t) => {
  const refused = { code: 'invalid_config', message: /require_tls: .*tls_cert/ };
  await t.throwsAsync(read({ require_tls: true }), refused);
  await t.throwsAsync(read({ require_tls: 'true', bind: '0.0.0.0:5000', insecure_http: true }), refused);
});
