import { invalidField } from '@mitosis/domain';

/** `NAME=VALUE` pairs; later ones win. */
export function parseEnv(pairs: readonly string[], field = '--env'): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw invalidField(field, `"${pair}" is not of the form NAME=VALUE`);
    // As a key in JSON it is lost on its way to the task.
    if (pair.slice(0, equals).trim() === '__proto__') throw invalidField(field, '"__proto__" can not be a name');
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}

/** Lines of `NAME=VALUE`; empty ones and those that begin with `#` are skipped, quotes around a value go. */
export function parseEnvLines(text: string, field: string): Record<string, string> {
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/^export\s+/, ''));
  const pairs = parseEnv(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    field,
  );
  return Object.fromEntries(
    Object.entries(pairs).map(([name, value]) => [name.trim(), value.trim().replace(/^(["'])(.*)\1$/, '$2')]),
  );
}
