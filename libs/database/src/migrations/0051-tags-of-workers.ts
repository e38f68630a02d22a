import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tasks may ask for more of a worker than a list of tags (`!old`, `a100|h100`), and a worker may say which
 * tasks it takes.
 * The function is `tagsMatch` of the domain library.
 */
export class TagsOfWorkers1700000000051 implements MigrationInterface {
  name = 'TagsOfWorkers1700000000051';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers ADD takes text CHECK (takes IN ('any', 'only_tagged'))`);
    await runner.query(`
      CREATE FUNCTION mito_tags_match(has text[], takes text, wanted text[]) RETURNS boolean
      LANGUAGE sql IMMUTABLE AS $$
        SELECT has @> wanted OR NOT EXISTS (
          SELECT 1 FROM unnest(wanted) AS r(requirement) WHERE NOT EXISTS (
            SELECT 1 FROM unnest(string_to_array(r.requirement, '|')) AS l(literal)
            WHERE CASE WHEN l.literal LIKE '!%' THEN substr(l.literal, 2) <> ALL (has)
              ELSE l.literal = ANY (has) OR takes IS NOT DISTINCT FROM 'any'
                OR (takes IS NULL AND has = '{}') END)) $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION mito_tags_match(text[], text, text[])');
    await runner.query('ALTER TABLE workers DROP takes');
  }
}
