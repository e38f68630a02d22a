import test from 'ava';
import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '@mitosis/database';
import { fileScope, freshDatabase } from '@mitosis/testing';

const file = fileScope(test);
let database: DataSource;

test.before(async () => {
  database = createDataSource({ url: await freshDatabase(file) });
  await database.initialize();
  file.teardown(() => database.destroy());
  await migrate(database);
});

async function isFound(text: string, query: string): Promise<boolean> {
  const [row] = (await database.query('SELECT mito_words($1) @@ (SELECT mito_query($2)) AS found', [text, query])) as {
    found: boolean;
  }[];
  return row?.found === true;
}

const finds = test.macro({
  async exec(t, text: string, query: string) {
    t.true(await isFound(text, query));
  },
  title: (_, text, query) => `"${query}" finds "${text}"`,
});
const misses = test.macro({
  async exec(t, text: string, query: string) {
    t.false(await isFound(text, query));
  },
  title: (_, text, query) => `"${query}" does not find "${text}"`,
});

test(finds, 'train-401 --lr=0.5', 'train 401');
test(finds, 'train-401 --lr=0.5', 'TR lr');
test(finds, 'हिन्दी परीक्षण', 'हिन्दी');
test(finds, 'हिन्दी परीक्षण', 'परीक्षण');
test(finds, 'ทดสอบ ระบบนี้', 'ระบบนี้');
test(finds, 'ทดสอบ ที่นี่', 'ที่นี่');
test(finds, 'தமிழ் மொழி', 'மொழி');
test(finds, 'עִבְרִית', 'עִבְרִית');
test(finds, 'cafe\u0301 ouvert', 'café');
test(finds, 'café ouvert', 'cafe\u0301');
test(finds, 'ПРИВЕТ мир', 'привет');
test(finds, 'ΟΔΟΣ', 'οδος');
test(finds, 'οδός', 'ΟΔΌΣ');
test(finds, 'Straße', 'STRASSE');
test(finds, 'ÉCOLE', 'école');
test(finds, '学習モデル', '学習');
test(finds, 'ｆｕｌｌ width', 'full');
test(finds, 'ﬁle', 'file');
test(finds, 'می‌خواهم', 'میخواهم');
test(finds, `a ${'x'.repeat(4000)}`, 'a');
test(misses, 'train', 'rain');
test(misses, 'train', 'trains');
test(misses, 'train', '***');
test(misses, 'train', '😀');
test(misses, '😀 train', '😀');
test(misses, 'train', '');
test(misses, 'कमल', 'कमला');
test(misses, 'train', "'':* | test");
test(finds, 'train', "'':* | train");

test('no text ends in an error: neither of odd characters nor of the longest words', async (t) => {
  for (const text of [
    '\\',
    "'",
    "a'b\\c",
    ':*',
    '&|!()<->',
    '\u0301',
    'é'.repeat(4096),
    '漢'.repeat(4096),
    '\u{10ffff}',
    'İi̇',
    '\ufdfa'.repeat(4000),
  ])
    await t.notThrowsAsync(isFound(text, text.slice(0, 255)), text.slice(0, 9));
});
