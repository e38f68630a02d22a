/** The version of this program. The package.json files carry the same one: `tools/bundle.mjs` refuses any other. */
export const VERSION = '0.1.0';
