import type { Command, CommandGroup } from './command.js';

/** The commands in the order of the help, each loaded on demand. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command | CommandGroup>>> = {
  init: async () => (await import('./init.js')).init,
  validate: async () => (await import('./validate.js')).validate,
  contract: async () => (await import('./contract.js')).contract,
  dev: async () => (await import('./dev.js')).dev,
  apply: async () => (await import('./apply.js')).apply,
  run: async () => (await import('./run.js')).run,
  backfill: async () => (await import('./backfill.js')).backfill,
  status: async () => (await import('./status.js')).status,
  runs: async () => (await import('./runs.js')).runs,
  show: async () => (await import('./show.js')).show,
  logs: async () => (await import('./logs.js')).logs,
  get: async () => (await import('./get.js')).get,
  search: async () => (await import('./search.js')).search,
  log: async () => (await import('./log.js')).log,
  pause: async () => (await import('./pause.js')).pause,
  resume: async () => (await import('./resume.js')).resume,
  serve: async () => (await import('./serve.js')).serve,
  worker: async () => (await import('./worker.js')).worker,
  doctor: async () => (await import('./doctor.js')).doctor,
  demo: async () => (await import('./demo.js')).demo,
  schema: async () => (await import('./schema.js')).schema,
  version: async () => (await import('./version.js')).version,
};
