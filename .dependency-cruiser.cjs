// Which part may import which: docs/architecture.md in rules. tools/boundaries.mjs runs them, and
// first proves on tools/fixtures/boundaries that each of them still catches what it is there for.

/** What each library may import besides itself. Arrows point downwards only. */
const MAY_IMPORT = {
  domain: [],
  protocol: ['domain'],
  config: ['domain', 'protocol'],
  experiment: ['domain', 'protocol'],
  database: ['domain'],
  queue: ['domain'],
  'object-store': ['domain'],
  sandbox: ['domain'],
  embedded: ['domain'],
  client: ['domain', 'protocol'],
  executor: ['domain', 'protocol', 'sandbox'],
  coordinator: ['domain', 'protocol', 'config', 'database', 'queue', 'object-store', 'sandbox'],
  worker: ['domain', 'protocol', 'config', 'queue', 'client', 'executor', 'sandbox'],
  testing: ['domain', 'embedded'],
};

/**
 * The folders of libs/coordinator/src from top to bottom. A folder may import from floors below its own, and nothing
 * from its neighbours on the same floor. A new folder gets its place here.
 */
const COORDINATOR_FLOORS = [
  ['compose'],
  ['http'],
  ['access', 'board', 'doctor', 'experiments', 'notifications', 'output', 'schedules', 'scheduling'],
  ['workers'],
  ['attempts', 'jobs'],
  ['terminals', 'workloads'],
  ['tasks'],
  ['code', 'programs', 'secrets'],
  ['files'],
  ['groups', 'resources'],
  ['auth', 'events', 'metrics'],
  ['audit'],
  ['kernel'],
];

/** Libraries that keep a third-party dependency to themselves. */
const OWNED = [
  { name: 'bullmq', packages: 'bullmq|@bull-board/[^/]+', owners: 'libs/queue|libs/coordinator' },
  { name: 'ioredis', packages: 'ioredis', owners: 'libs/queue|libs/testing' },
  { name: 's3', packages: '@aws-sdk/[^/]+|@smithy/[^/]+', owners: 'libs/object-store' },
  { name: 'pg', packages: 'pg|pg-pool', owners: 'libs/database|libs/queue|libs/embedded|libs/testing|apps/e2e' },
  { name: 'orm', packages: 'typeorm', owners: 'libs/database|libs/coordinator' },
  { name: 'http-server', packages: 'express|helmet', owners: 'libs/coordinator' },
  { name: 'terminal', packages: 'clipanion|@clack/[^/]+|picocolors', owners: 'apps/mito' },
];

/** Code that only tests run. */
const TESTS = [
  'apps/e2e/src/faults/',
  '\\.test\\.ts$',
  '/test-[^/]+\\.ts$',
  '/src/testing/',
  '/conformance/',
  '-subject\\.ts$',
];

/** Both forms in which a part is met: its sources, and its build by way of its package name. */
const part = (path) => `^${path}/`;

/**
 * The rules for sources below `prefix` ('' for the repository itself). Rules that hold for product
 * code only leave out tests, which may also use libs/testing and what it needs.
 */
function rulesFor(prefix) {
  const below = (path) => `^${prefix}${path}`;
  const product = (path) => ({ path: below(path), pathNot: TESTS });
  return [
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere cannot be judged; build first, or fix it.',
      from: { path: below('(apps|libs)/') },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycle',
      comment: 'Files that need each other are one file, or lack a third one.',
      from: { path: below('(apps|libs)/') },
      to: { circular: true },
    },
    {
      name: 'only-the-index',
      comment: 'Another part is reached by its package name, and only what its index exports.',
      from: { path: below('(apps|libs)/([^/]+)/src/') },
      to: {
        path: '(^|/)(apps|libs)/[^/]+/',
        pathNot: [`^${prefix}$1/$2/`, '^(apps|libs)/[^/]+/dist/index\\.(d\\.ts|js)$', 'node_modules'],
      },
    },
    {
      name: 'no-undeclared-package',
      comment: 'What a part imports stands in its own package.json.',
      from: { path: below('(apps|libs)/') },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-package-in-product',
      comment: 'Development dependencies are not there where the product runs.',
      from: product('(apps|libs)/[^/]+/src/'),
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain is rules: no I/O, no clock, no randomness, no imports.',
      from: product('libs/domain/src/'),
      to: { pathNot: [below('libs/domain/src/')] },
    },
    {
      name: 'libs-do-not-import-apps',
      from: { path: below('libs/') },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-do-not-import-apps',
      comment: 'Only the mito binary puts the coordinator and the worker together.',
      from: { path: below('apps/([^/]+)/'), pathNot: below('apps/mito/') },
      to: { path: '^apps/', pathNot: `^${prefix}apps/$1/` },
    },
    {
      name: 'mito-imports-two-apps',
      from: { path: below('apps/mito/') },
      to: { path: '^apps/', pathNot: [`^${prefix}apps/mito/`, '^apps/(coordinator|worker)/'] },
    },
    {
      name: 'testing-is-for-tests',
      from: { path: below('(apps|libs)/'), pathNot: [...TESTS, below('libs/testing/'), below('apps/e2e/')] },
      to: { path: part('libs/testing') },
    },
    {
      name: 'embedded-is-for-apps',
      from: { path: below('libs/'), pathNot: [below('libs/(embedded|testing)/')] },
      to: { path: part('libs/embedded') },
    },
    {
      name: 'sandbox-is-for-those-who-run-or-accept-programs',
      comment: 'The coordinator checks a program with the very code that the worker checks it with again.',
      from: {
        path: below('(apps|libs)/'),
        pathNot: [below('libs/(sandbox|executor|worker|coordinator)/'), below('apps/(mito|worker|e2e)/'), ...TESTS],
      },
      to: { path: part('libs/sandbox') },
    },
    ...floorRules(below('libs/coordinator/src/')),
    ...Object.entries(MAY_IMPORT).map(([lib, allowed]) => ({
      name: `imports-of-${lib}`,
      comment: `libs/${lib} may import: ${allowed.join(', ') || 'nothing'} (tests also: testing).`,
      from: { path: below(`libs/${lib}/`) },
      to: {
        path: '^libs/',
        pathNot: [below(`libs/${lib}/`), part(`libs/(${[lib, 'testing', ...allowed].join('|')})`)],
      },
    })),
    ...OWNED.map(({ name, packages, owners }) => ({
      name: `owner-of-${name}`,
      comment: `Only ${owners.replaceAll('|', ', ')} import this; tests are free.`,
      from: { path: below('(apps|libs)/'), pathNot: [below(`(${owners})/`), ...TESTS] },
      to: { path: [`(^|/)node_modules/(${packages})/`, `^(${packages})(/|$)`] },
    })),
  ].map((rule) => ({ severity: 'error', ...rule }));
}

function floorRules(src) {
  const folders = COORDINATOR_FLOORS.flat();
  const rules = COORDINATOR_FLOORS.flatMap((floor, index) => {
    const lower = COORDINATOR_FLOORS.slice(index + 1).flat();
    return floor.map((folder) => ({
      name: `floor-of-${folder}`,
      comment: `${folder}/ may import: ${lower.join(', ') || 'no other folder of the coordinator'}.`,
      from: { path: `${src}${folder}/`, pathNot: TESTS },
      to: { path: src, pathNot: `${src}(${[folder, ...lower].join('|')})/` },
    }));
  });
  return [
    ...rules,
    {
      name: 'floor-of-every-folder',
      comment: 'A folder of the coordinator has its place in COORDINATOR_FLOORS.',
      from: { path: `${src}[^/]+/`, pathNot: `${src}(${folders.join('|')})/` },
      to: { path: src },
    },
  ];
}

const options = {
  tsPreCompilationDeps: true,
  combinedDependencies: true,
  // Builds are looked at only as the target of an import, not for what they import themselves.
  doNotFollow: { path: ['node_modules', '/dist/'] },
  exclude: { path: ['/fixtures/', '/public/'] },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'types', 'node', 'default'],
    mainFields: ['module', 'main', 'types'],
    extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs', '.cjs', '.json', '.node'],
  },
};

module.exports = { forbidden: rulesFor(''), options, rulesFor };
