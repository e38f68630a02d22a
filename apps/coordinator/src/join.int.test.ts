import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { coordinatorFixture } from './testing/coordinator-fixture.js';

const ask = async (url: string, code?: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(url, { headers: code === undefined ? {} : { 'X-Enrolment': code } });
  return { status: response.status, text: await response.text() };
};

test('the script is for everybody; what it fetches is for whoever has a code that has not ended', async (t) => {
  const { url, api, database } = await coordinatorFixture(t, 'postgres');
  t.regex((await ask(`${url}/join`)).text, /join_mitosis "\$@"\n$/);
  const { code, uuid } = await api.access.createEnrolment({});
  t.like(await ask(`${url}/join/build`), { status: 403 });
  t.regex((await ask(`${url}/join/build`, 'mitoenr_other')).text, /does not know this enrolment code/);
  // The coordinator of this test runs from no package.
  t.like(await ask(`${url}/join/build`, code), { status: 503 });
  await database.query(`UPDATE enrolments SET expires_at = now() - interval '1 second' WHERE id = $1`, [uuid]);
  t.regex((await ask(`${url}/join/package.tgz`, code)).text, /has expired/);
});

test('a script that was cut short runs nothing, and a whole one says what is missing', async (t) => {
  const { url } = await coordinatorFixture(t, 'postgres');
  const script = (await ask(`${url}/join`)).text;
  const home = await tempDir(t);
  const run = (input: string, env: Record<string, string> = {}) =>
    spawnSync('sh', ['-s', 'https://127.0.0.1:1', 'sha256//x'], {
      input,
      env: { PATH: process.env.PATH ?? '', HOME: home, ...env },
      encoding: 'utf8',
    });
  for (let length = 100; length < script.length - 20; length += 300) run(script.slice(0, length), { MITO_ENROLL: 'x' });
  t.deepEqual(await readdir(home), []);
  t.regex(run(script).stderr, /MITO_ENROLL holds no enrolment code/);
  t.regex(run(script, { MITO_ENROLL: 'x' }).stderr, /could not be read to the end/);
});
