/** Imports run one way; the table is in ARCHITECTURE.md. */
const from = (path, pathNot) => ({ path: `^${path}`, ...(pathNot && { pathNot }) });
const SEAMS = 'src/(stores|sources|trainers|metrics|gates)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one idea or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      comment: 'src/domain runs inside workflows: plain types and pure functions only.',
      severity: 'error',
      from: from('src/domain/'),
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'statistics-are-pure',
      severity: 'error',
      from: from('src/statistics/'),
      to: { pathNot: '^src/(statistics|domain)/' },
    },
    {
      name: 'workflows-decide',
      comment: 'Workflow code takes values from the domain and from Temporal only; everything else crosses as a type.',
      severity: 'error',
      from: from('workflows/'),
      to: {
        pathNot: '^(workflows/|src/domain/|node_modules/@temporalio/(workflow|common)/|perennial-users-workflows)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-seam-imports-another',
      severity: 'error',
      from: { path: `^${SEAMS}` },
      to: { path: `^${SEAMS}`, pathNot: '^src/$1/' },
    },
    {
      name: 'seams-stand-below-activities',
      severity: 'error',
      from: { path: '^src/(stores|sources|trainers|metrics|gates|code|data|inference|serving|reports)/' },
      to: { path: '^(activities|workflows|src/(cli|dev|demo)|src/(client|worker|plugin|index)[.]ts)' },
    },
    {
      name: 'activities-stand-below-the-surface',
      severity: 'error',
      from: from('activities/'),
      to: { path: '^src/(cli|dev|demo|client|worker|plugin|index)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
