import test from 'ava';
import pg from 'pg';
import { freshDatabase } from './fresh-database.js';
import { postgresServer } from './postgres-server.js';
import { fileScope, type Scope } from './scope.js';

const file = fileScope(test);
let shared: string;

test.before(async () => {
  shared = await freshDatabase(file);
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'its-own-test' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A scope that a test can end by itself. */
function manualScope(): Scope & { end(): Promise<void> } {
  const steps: (() => void | Promise<void>)[] = [];
  return {
    teardown: (undo) => void steps.push(undo),
    end: async () => {
      for (const step of steps.reverse()) await step();
    },
  };
}

test('a database of a file scope can be used by the tests of the file', async (t) => {
  t.deepEqual(await query(shared, 'select 1 as one'), [{ one: 1 }]);
});

test('two databases of one template start alike and change apart', async (t) => {
  let prepared = 0;
  const options = {
    template: 'with-table',
    prepare: async (url: string): Promise<void> => {
      prepared++;
      await query(url, 'create table thing as select 7 as n');
    },
  };
  const [one, two] = await Promise.all([freshDatabase(t, options), freshDatabase(t, options)]);
  await query(one, 'update thing set n = 8');
  t.deepEqual(await query(one, 'select n from thing'), [{ n: 8 }]);
  t.deepEqual(await query(two, 'select n from thing'), [{ n: 7 }]);
  t.is(prepared, 1);
});

test('a template that nobody prepared is refused by name', async (t) => {
  await t.throwsAsync(freshDatabase(t, { template: 'unheard-of' }), { message: /"unheard-of" was never prepared/ });
});

test('a connection left open fails the scope, is named, and the database is dropped all the same', async (t) => {
  const scope = manualScope();
  const url = await freshDatabase(scope);
  const client = new pg.Client({ connectionString: url, application_name: 'forgetful' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select 42');
  await t.throwsAsync(scope.end(), { message: /left open: forgetful \(idle: select 42\)/ });
  const name = new URL(url).pathname.slice(1);
  const { url: server } = await postgresServer();
  t.deepEqual(await query(server, `select datname from pg_database where datname = '${name}'`), []);
});

test('a database is gone after its scope', async (t) => {
  const scope = manualScope();
  const url = await freshDatabase(scope);
  await query(url, 'select 1');
  await scope.end();
  await t.throwsAsync(query(url, 'select 1'), { message: /does not exist/ });
});

test('all callers in a process share one server', async (t) => {
  t.is(await postgresServer(), await postgresServer());
});
