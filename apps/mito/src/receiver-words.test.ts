import test from 'ava';
import { parseReceiver } from './commands/client/notify/receiver-words.js';

test('a kind and a target are a receiver', (t) => {
  t.deepEqual(parseReceiver('mail', ['me@example.org']), { kind: 'mail', target: 'me@example.org' });
  t.deepEqual(parseReceiver('command', ['pager']), { kind: 'command', target: 'pager' });
});

const refused = test.macro({
  exec: (t, [first = '', ...targets]: readonly string[], message: string) => {
    t.throws(() => parseReceiver(first, targets), { message });
  },
  title: (_, words: readonly string[]) => `"notify add ${words.join(' ')}" is refused with the line to write`,
});

test(
  refused,
  ['webhook', 'me', 'https://example.org/x'],
  'target: a receiver has one target, not 2; write: mito notify add webhook https://example.org/x --name me',
);
test(
  refused,
  ['me@example.org', 'mail'],
  'kind: "me@example.org" is none of webhook, slack, mail, command; write: mito notify add mail me@example.org',
);
test(
  refused,
  ['lab', 'https://example.org'],
  'kind: "lab" is none of webhook, slack, mail, command; write: mito notify add webhook https://example.org --name lab',
);
test(
  refused,
  ['pager', 'command'],
  'kind: "pager" is none of webhook, slack, mail, command; write: mito notify add command pager',
);
test(refused, ['sms', 'me'], 'kind: "sms" is none of webhook, slack, mail, command');
test(refused, ['command', 'a', 'b'], 'target: a receiver has one target, not 2');
