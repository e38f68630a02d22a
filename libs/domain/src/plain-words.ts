/** What a validator found wrong with a value, as far as it can be said in a sentence. */
export interface Issue {
  readonly code?: string | undefined;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly expected?: unknown;
  readonly format?: unknown;
  readonly values?: unknown;
  readonly input?: unknown;
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'is not a UUID',
  datetime: 'is not a time in ISO 8601, for example 2026-11-28T14:30:00Z',
  base64: 'is not base64',
  url: 'is not a URL',
};
const THINGS: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item' };

function quantity(amount: unknown, origin: unknown): string {
  const thing = THINGS[String(origin)];
  if (thing === undefined) return `be ${String(amount)}`;
  return `have ${String(amount)} ${thing}${Number(amount) === 1 ? '' : 's'}`;
}

function rangeText({ code, origin, minimum, maximum, inclusive }: Issue): string {
  const isLow = code === 'too_small';
  const bound = isLow ? minimum : maximum;
  if (isLow && Number(bound) === 1 && origin !== 'number' && origin !== 'int') return 'must not be empty';
  const [verb = 'be', ...rest] = quantity(bound, origin).split(' ');
  const side = inclusive === false ? (isLow ? 'more than' : 'less than') : isLow ? 'at least' : 'at most';
  return `must ${verb} ${side} ${rest.join(' ')}`;
}

function typeText({ expected, input }: Issue): string {
  if (input === undefined) return 'is missing';
  if (expected === 'int') return 'must be a whole number';
  return `must be ${/^[aeiou]/.test(String(expected)) ? 'an' : 'a'} ${String(expected)}`;
}

/** The issue in plain words, to follow the name of a field; undefined for one that has words of its own. */
export function plainWords(issue: Issue): string | undefined {
  if (issue.code === 'too_small' || issue.code === 'too_big') return rangeText(issue);
  if (issue.code === 'invalid_type') return typeText(issue);
  if (issue.code === 'invalid_format') return FORMATS[String(issue.format)];
  if (issue.code === 'invalid_value' && Array.isArray(issue.values)) return `must be one of ${issue.values.join(', ')}`;
  return undefined;
}
