import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';
import { PluginClashError } from './errors.js';
import { moduleUrl } from './module-url.js';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const own = fileURLToPath(new URL(`../workflows/index${extension}`, import.meta.url));
const combined = fileURLToPath(new URL(`../workflows/with-users${extension}`, import.meta.url));
const ownFolder = fileURLToPath(new URL('../workflows/', import.meta.url));

/** The module name that `workflows/with-users` imports; an alias makes it the user's workflows. */
const USERS = 'perennial-users-workflows';

/**
 * Our workflows alone. The bundle is built ahead (`npm run build`), since building takes a second at every start of a
 * worker; from TypeScript sources they are bundled as they are.
 */
export function ownWorkflows(): Pick<WorkerOptions, 'workflowsPath' | 'workflowBundle'> {
  if (extension === '.ts') return { workflowsPath: own };
  return { workflowBundle: { codePath: fileURLToPath(moduleUrl(import.meta.url, '../workflow-bundle.js')) } };
}

/** True when this path is ours already: nothing is left to combine. */
export function isCombined(workflowsPath: string | undefined): boolean {
  return workflowsPath === own || workflowsPath === combined;
}

/**
 * Makes the bundler take an entry of ours that exports the user's workflows and ours together.
 * @throws {PluginClashError} while bundling, when the user's module exports another workflow under one of our names
 */
export function combineWorkflows(options: BundleOptions): BundleOptions {
  const { workflowsPath: users, webpackConfigHook } = options;
  return {
    ...options,
    workflowsPath: combined,
    webpackConfigHook(config) {
      const hooked = webpackConfigHook?.(config) ?? config;
      // The SDK's configuration has an object here; webpack would take a list too.
      const existing = hooked.resolve?.alias as Readonly<Record<string, string>> | undefined;
      const alias = { ...existing, [`${USERS}$`]: users };
      return {
        ...hooked,
        resolve: { ...hooked.resolve, alias },
        plugins: [...(hooked.plugins ?? []), { apply: (compiler) => refuseClashes(compiler, users) }],
      };
    },
  };
}

type WebpackPlugin = NonNullable<ReturnType<NonNullable<BundleOptions['webpackConfigHook']>>['plugins']>[number];
type Compiler = Parameters<Extract<WebpackPlugin, (...args: never[]) => unknown>>[0];

function refuseClashes(compiler: Compiler, users: string): void {
  compiler.hooks.afterCompile.tap('PerennialPlugin', (compilation) => {
    const { moduleGraph } = compilation;
    const find = (request: string) =>
      [...compilation.modules].find((module) => 'rawRequest' in module && module.rawRequest === request);
    const [ours, theirs] = [find('./index.js'), find(USERS)];
    if (!ours || !theirs) return;
    const names = moduleGraph.getProvidedExports(ours);
    for (const name of Array.isArray(names) ? names : []) {
      if (!Array.isArray(moduleGraph.getProvidedExports(theirs))) return;
      if (!(moduleGraph.getProvidedExports(theirs) as string[]).includes(name)) continue;
      const target = moduleGraph.getExportsInfo(theirs).getExportInfo(name).findTarget(moduleGraph, isInOurFolder);
      if (target) continue;
      throw new PluginClashError(`Cannot bundle the workflows of "${users}" with ours: both export "${name}"`, {
        fix: `Rename your workflow "${name}".`,
      });
    }
  });
}

function isInOurFolder(module: object): boolean {
  return 'resource' in module && typeof module.resource === 'string' && module.resource.startsWith(ownFolder);
}
