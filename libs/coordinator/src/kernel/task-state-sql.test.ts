import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { mayHappen, stateAfter } from './task-state-sql.js';

const SOURCES = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'src');

/** What statements set in a row of `tasks`, up to their FROM or WHERE. */
const ASSIGNMENTS = /UPDATE tasks(?: t)? SET ([^`]*?)(?:\bWHERE\b|\bFROM\b|`)/g;
const LITERAL = /(?<![.\w])state = [^,]*'(?:pending|ready|running|completed|failed|cancelled)'/;

test('the state after an event and the states before it come from the table of transitions', (t) => {
  t.is(stateAfter('claim'), `'running'`);
  t.is(stateAfter('cancel'), `'cancelled'`);
  t.is(mayHappen('claim', 't.state'), `t.state IN ('ready')`);
  t.is(mayHappen('cancel'), `state IN ('pending', 'ready', 'running')`);
});

test('no statement sets the state of a task to a literal', (t) => {
  const files = readdirSync(SOURCES, { recursive: true }).map(String);
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  t.true(sources.length > 100);
  let assignments = 0;
  for (const file of sources) {
    const text = readFileSync(path.join(SOURCES, file), 'utf8');
    for (const [, assigned = ''] of text.matchAll(ASSIGNMENTS)) {
      assignments += 1;
      t.notRegex(assigned, LITERAL, `${file}: take the state from stateAfter`);
    }
  }
  t.true(assignments > 10);
  t.regex(`state = CASE WHEN a THEN 'ready' ELSE b END`, LITERAL, 'it sees what it looks for');
});
