import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What stands between words: spaces, controls, ASCII but for letters and digits, the punctuation and symbols
 * of Unicode, emoji. Everything else belongs to a word, marks above all: a class such as `[:alnum:]` takes the
 * vowel signs of Hindi and Thai for gaps, and in the locale "C" every letter beyond ASCII.
 */
const GAPS = [
  String.raw`\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7`,
  String.raw`\u037e\u0387\u055a-\u055f\u0589\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965`,
  String.raw`\u0e4f\u0e5a\u0e5b`,
  String.raw`\u104a-\u104f\u1361-\u1368\u17d4-\u17da\u2000-\u200b\u200e-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f`,
  String.raw`\u3000-\u3004\u3008-\u3020\u3030\u30fb\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff1a-\uff20`,
  String.raw`\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff`,
  String.raw`\U0001F000-\U0001FAFF`,
].join('');

/** Joiners and selectors that are typed or not, without a change of the word. */
const UNSEEN = String.raw`[\u00ad\u034f\u200c\u200d\ufe00-\ufe0f]`;

/** The longest word that is kept apart from others; a lexeme of PostgreSQL has at most 2046 bytes. */
const WORD_MAX = 255;

/**
 * Words of every script are found: text is normalized (NFKC, so that `é` is the same however it is written),
 * letters are folded beyond ASCII, and a word is what stands between gaps. The search asks for the words that
 * the same function makes of it.
 */
export class WordsOfEveryScript1700000000022 implements MigrationInterface {
  name = 'WordsOfEveryScript1700000000022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SET LOCAL statement_timeout = 0');
    const collation = await this.foldingCollation(runner);
    const lower = (sql: string): string => `lower(${sql}${collation})`;
    const upper = (sql: string): string => `upper(${sql}${collation})`;
    // Upper case between makes one of letters with two lower cases: the Greek s at the end of a word.
    const [server] = (await runner.query('SHOW server_encoding')) as { server_encoding: string }[];
    // In another encoding PostgreSQL can't normalize; there text is found as it was written.
    const normal = (sql: string, form: string): string =>
      server?.server_encoding === 'UTF8' ? `normalize(${sql}, ${form})` : sql;
    const folded = `replace(${lower(upper(lower(normal('$1', 'NFKC'))))}, 'ß', 'ss')`;
    const text = `regexp_replace(${normal(folded, 'NFC')}, '${UNSEEN}', '', 'g')`;
    await runner.query(`
      CREATE FUNCTION mito_word_list(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT ARRAY(SELECT DISTINCT left(w, ${WORD_MAX}) FROM regexp_split_to_table(${text}, '[${GAPS}]+') w
        WHERE w <> '') $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION mito_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT array_to_tsvector(mito_word_list(left($1, 4096))) $$`);
    await runner.query(`
      CREATE FUNCTION mito_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT coalesce((SELECT string_agg(quote_literal(w) || ':*', ' & ')
        FROM unnest(mito_word_list($1)) w), '')::tsquery $$`);
    // Words of ASCII are the same as before; the others are made anew.
    await runner.query(`
      UPDATE task_search s SET words = mito_words(concat_ws(' ', t.name, x.args, t.reason, t.message))
      FROM tasks t
      CROSS JOIN LATERAL (SELECT string_agg(a, ' ') AS args FROM jsonb_array_elements_text(t.spec -> 'args') a) x
      WHERE t.id = s.task_id AND concat_ws(' ', t.name, x.args, t.reason, t.message) ~ '[^\\u0001-\\u007f]'`);
  }

  /** One that knows the cases of all letters, whatever the locale of the database; its own where there is none. */
  private async foldingCollation(runner: QueryRunner): Promise<string> {
    const rows = (await runner.query(
      `SELECT collname FROM pg_collation WHERE collname IN ('pg_c_utf8', 'und-x-icu') ORDER BY collname LIMIT 1`,
    )) as { collname: string }[];
    return rows[0] === undefined ? '' : ` COLLATE pg_catalog."${rows[0].collname}"`;
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION mito_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT to_tsvector('simple', regexp_replace(left($1, 4096), '[^[:alnum:]]+', ' ', 'g')) $$`);
    await runner.query('DROP FUNCTION mito_query(text)');
    await runner.query('DROP FUNCTION mito_word_list(text)');
  }
}
