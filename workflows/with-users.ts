/** The entry that the plugin bundles in place of the user's: theirs and ours together. The alias is set while bundling. */
// @ts-expect-error The module exists only while bundling.
export * from 'perennial-users-workflows';
export * from './index.js';
