import test from 'ava';
import { envFilesOf, readEnvSetup, type EnvSetup } from './env-setup.js';

const read = test.macro({
  exec: (t, text: string, expected: EnvSetup) => t.deepEqual(readEnvSetup(text), expected),
  title: (_, text) => `"${text}" is an environment`,
});

const refused = test.macro({
  exec: (t, text: string, pattern: RegExp) => {
    const found = readEnvSetup(text);
    t.regex('objection' in found ? found.objection : 'taken', pattern);
  },
  title: (_, text) => `"${text}" is refused with what to write`,
});

test(read, 'uv', { kind: 'uv' });
test(read, 'npm', { kind: 'npm' });
test(read, 'venv', { kind: 'venv', file: 'requirements.txt' });
test(read, 'venv:dev/more.txt', { kind: 'venv', file: 'dev/more.txt' });
test(read, 'conda', { kind: 'conda', file: 'environment.yml' });
test(read, 'conda:a:b.yml', { kind: 'conda', file: 'a:b.yml' });
test(read, 'command:./setup.sh', { kind: 'command', file: 'setup.sh' });
test(read, 'command:.//./setup.sh', { kind: 'command', file: 'setup.sh' });

test(refused, '', /is empty; use one of uv, venv:requirements\.txt/);
test(refused, 'poetry', /"poetry" is not a known kind\. Use one of uv/);
test(refused, 'vemv', /did you mean "venv"\? Use one of/);
test(refused, 'UV', /did you mean "uv"\?/);
test(refused, ' uv', /is not a known kind/);
test(refused, 'uv:', /takes no file/);
test(refused, 'uv:requirements.txt', /takes no file/);
test(refused, 'command', /needs a file: write command:\.\/setup\.sh/);
test(refused, 'command:', /name of the file is missing/);
test(refused, 'command:./', /name of the file is missing/);
test(refused, 'venv:/etc/passwd', /outside of the folder of code/);
test(refused, 'venv:a/../../b', /outside of the folder of code/);
test(refused, `venv:${'a'.repeat(2000)}`, /too long/);

const files = test.macro({
  exec: (t, setup: string, there: string[], expected: string[] | RegExp) => {
    const found = envFilesOf(readEnvSetup(setup) as EnvSetup, (file) => there.includes(file));
    if ('missing' in found) return t.regex(found.missing, expected as RegExp);
    return t.deepEqual(found, expected);
  },
  title: (_, setup: string, there: string[]) =>
    `the environment ${setup} of a folder with ${there.join(', ') || 'nothing'}`,
});

test(files, 'uv', ['pyproject.toml', 'uv.lock', 'requirements.txt'], ['pyproject.toml', 'uv.lock']);
test(files, 'uv', ['pyproject.toml', 'requirements.txt'], ['requirements.txt']);
test(files, 'uv', ['pyproject.toml'], /but no uv\.lock: run "uv lock"/);
test(files, 'uv', [], /has neither a pyproject\.toml with uv\.lock, nor a requirements\.txt/);
test(
  files,
  'npm',
  ['package.json', 'package-lock.json', 'npm-shrinkwrap.json'],
  ['package.json', 'npm-shrinkwrap.json'],
);
test(files, 'npm', ['package.json'], /has no package-lock\.json/);
test(files, 'npm', [], /has no package\.json/);
test(files, 'venv', ['requirements.txt'], ['requirements.txt']);
test(files, 'venv:other.txt', ['requirements.txt'], /has no other\.txt\. Files that \.gitignore/);
test(files, 'command:./setup.sh', ['setup.sh'], ['setup.sh']);
