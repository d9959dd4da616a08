import { z } from 'zod';
import { serverPrefix } from '../domain/artifact.js';

const schema = z.object({
  /** Where the server can be reached, without a slash at the end. */
  url: z.string(),
  pid: z.int(),
  /** When the server started, and when it last said so: ISO 8601 in UTC, by the server's clock. */
  startedAt: z.iso.datetime(),
  at: z.iso.datetime(),
  /** The bundle that answers; null while there is none. */
  digest: z.string().nullable(),
  /** Its version; 0 while there is none. */
  version: z.int(),
});

/** What a model server says of itself in the store, for each model that it serves. */
export type Announcement = z.output<typeof schema>;

/** How often a server renews its announcements, in milliseconds. */
export const ANNOUNCE_EVERY_MS = 5000;

/** Key of one server's announcement for one model. */
export function announcementKey(model: string, instance: string): string {
  return `${serverPrefix(model)}${instance}.json`;
}

/** The announcement in these bytes, or undefined when there is none: it is only a hint, so nothing fails over it. */
export function parseAnnouncement(bytes: Buffer): Announcement | undefined {
  try {
    return schema.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
