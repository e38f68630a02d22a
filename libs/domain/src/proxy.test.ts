import test from 'ava';
import { proxyFor, proxySettings } from './proxy.js';

const PROXY = 'http://proxy:3128';

const goesThrough = test.macro({
  exec(t, url: string, except: string, expected: boolean) {
    const settings = { https: PROXY, http: PROXY, except };
    t.is(proxyFor(new URL(url), settings), expected ? PROXY : undefined);
  },
  title: (_given, url, except, expected) =>
    `${url} with NO_PROXY="${except}" ${expected ? 'uses' : 'avoids'} the proxy`,
});

for (const [url, except, expected] of [
  ['https://lab:5000', '', true],
  ['https://lab:5000', '*', false],
  ['https://lab:5000', 'lab', false],
  ['https://LAB:5000', 'Lab', false],
  ['https://mito.lab', '.lab', false],
  ['https://mito.lab', 'lab', false],
  ['https://mito.lab', '*.lab', false],
  ['https://mitolab', '.lab', true],
  ['https://lab:5000', 'lab:5000', false],
  ['https://lab:5001', 'lab:5000', true],
  ['https://lab', 'lab:443', false],
  ['wss://lab', 'lab:443', false],
  ['http://lab', 'lab:443', true],
  ['https://10.1.2.3:5000', '10.0.0.0/8', false],
  ['https://11.1.2.3:5000', '10.0.0.0/8', true],
  ['https://10.1.2.3:5000', '10.1.2.3', false],
  ['https://10.1.2.3:5000', '10.0.0.0/99', true],
  ['https://[fd00::7]:5000', 'fd00::/8', false],
  ['https://[fd00::7]:5000', '[fd00::7]:5000', false],
  ['https://[fd00::7]:5000', '[fd00:0::7]', false],
  ['https://lab:5000', 'other, ,lab ', false],
  ['https://localhost:5000', '', false],
  ['https://127.0.0.1:5000', '', false],
  ['https://[::1]:5000', '', false],
] as const)
  test(goesThrough, url, except, expected);

test('each scheme has its own proxy, and the lower case variable wins', (t) => {
  const settings = proxySettings({
    HTTPS_PROXY: 'http://upper',
    https_proxy: 'http://lower',
    HTTP_PROXY: 'http://plain',
  });
  t.is(proxyFor(new URL('https://lab'), settings), 'http://lower');
  t.is(proxyFor(new URL('wss://lab'), settings), 'http://lower');
  t.is(proxyFor(new URL('http://lab'), settings), 'http://plain');
  t.is(proxyFor(new URL('ws://lab'), proxySettings({ HTTPS_PROXY: 'http://x', HTTP_PROXY: '' })), undefined);
});
