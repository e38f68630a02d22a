import test from 'ava';
import { assertHosts, joinCommands } from './deploy.js';
import { isOwnAddress, joinLine, joinPlace } from './join-line.js';
import { unitText } from './systemd-unit.js';

const PIN = 'sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

test('the line has the pin twice, the code in the environment, and quotes what a shell would take apart', (t) => {
  const line = joinLine({ address: 'https://lab:5000', pin: PIN, code: 'mitoenr_x', options: ['--tags', "a'b"] });
  t.is(
    line,
    `curl -kfsS --pinnedpubkey ${PIN} https://lab:5000/join | ` +
      `MITO_ENROLL=mitoenr_x sh -s https://lab:5000 ${PIN} --tags 'a'\\''b'`,
  );
});

test('there is no line without a pin, and none that leads another machine to itself', async (t) => {
  const nothing = { asked: undefined, said: {}, usedPin: PIN };
  t.is(await joinPlace({ ...nothing, used: 'http://lab:5000' }), undefined);
  t.is(await joinPlace({ ...nothing, used: 'https://127.0.0.1:5000' }), undefined);
  t.true(isOwnAddress('https://[::1]:5000'));
  const said = { address: 'https://lab:5000', pin: PIN };
  t.deepEqual(await joinPlace({ ...nothing, said, used: 'https://127.0.0.1:5000' }), said);
});

test('what systemd would replace in the names of a unit stays as it is', (t) => {
  const text = unitText({ base: '/home/a b/50%b', coordinator: 'https://lab', isSystem: false });
  t.regex(text, /^ExecStart="\/home\/a b\/50%%b\/run"$/m);
  t.regex(text, /^StartLimitIntervalSec=0$/m);
  t.regex(text, /^WantedBy=default\.target$/m);
});

test('a host is never an option or a command of ssh', (t) => {
  for (const host of ['-oProxyCommand=x', 'a b', 'a;b', '$(x)', ''])
    t.throws(() => assertHosts([host]), { message: /host/ });
  t.notThrows(() => assertHosts(['node1', 'al@node-2.lab']));
  t.regex(joinCommands({ address: 'https://lab', pin: PIN, code: "x'y", options: [] }), /^MITO_ENROLL='x'\\''y'$/m);
});
