/**
 * The options that may stand before the command, as in `mito client
 * -c URL -u alice tasks query`; with one that takes a value.
 */
const LONG_OF: ReadonlyMap<string, { readonly long: string; readonly hasValue: boolean }> = new Map([
  ['-c', { long: '--coordinator', hasValue: true }],
  ['-u', { long: '--user', hasValue: true }],
  ['-p', { long: '--password', hasValue: true }],
  ['-i', { long: '--interactive', hasValue: false }],
  ['-q', { long: '--quiet', hasValue: false }],
  ...['coordinator', 'user', 'ca', 'pin', 'password', 'password-file', 'config', 'credential-path'].map(
    (name) => [`--${name}`, { long: `--${name}`, hasValue: true }] as const,
  ),
  ...['interactive', 'retain', 'json', 'quiet'].map(
    (name) => [`--${name}`, { long: `--${name}`, hasValue: false }] as const,
  ),
]);

/**
 * Options between `client` and the rest of a path go behind the path: the parser wants a path in one
 * piece. Their long names are used, as a short one can mean something else to the command
 * (`-c` is the coordinator here and the creator in `tasks query`).
 */
export function moveGlobalOptions(argv: readonly string[]): string[] {
  const rest = [...argv];
  const path = rest[0] === 'client' ? rest.splice(0, 1) : [];
  const moved: string[] = [];
  for (;;) {
    const [name = '', inline] = (rest[0] ?? '').split(/=(.*)/s, 2);
    const option = LONG_OF.get(name);
    if (!option) return [...moved, ...path, ...rest];
    rest.shift();
    const value = option.hasValue ? (inline ?? rest.shift()) : inline;
    moved.push(value === undefined ? option.long : `${option.long}=${value}`);
  }
}
