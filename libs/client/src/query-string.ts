/** The values that are there, as a query string; lists with commas. */
export function queryString(values: object): string {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && String(value) !== '');
  return new URLSearchParams(Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))).toString();
}
