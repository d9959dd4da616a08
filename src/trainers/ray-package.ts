import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';

/** A zip that Ray unpacks as the working folder of a job. */
export interface RayPackage {
  /** By its content: a cluster that has it need not get it again. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Packs the sources of `perennial_trainer`: what a cluster needs beside the libraries. */
export async function trainerPackage(sources: string): Promise<RayPackage> {
  const entries = await readdir(sources, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => path.relative(sources, path.join(entry.parentPath, entry.name)))
    .toSorted();
  const files = await Promise.all(
    names.map(async (name) => ({
      name: name.split(path.sep).join('/'),
      content: await readFile(path.join(sources, name)),
    })),
  );
  const bytes = zip(files);
  // Ray knows packages of its own making by this beginning.
  return { name: `_ray_pkg_${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.zip`, bytes };
}

/** Files as they are, without times: the same files give the same bytes. */
function zip(files: readonly { readonly name: string; readonly content: Buffer }[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of files) {
    const shown = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    facts(local, 4, content, shown);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 4);
    facts(central, 6, content, shown);
    // A regular file that its owner may write and everybody read.
    central.writeUInt32LE((0o100644 << 16) >>> 0, 38);
    central.writeUInt16LE((3 << 8) | 20, 4);
    central.writeUInt32LE(offset, 42);
    pieces.push(local, shown, content);
    directory.push(central, shown);
    offset += local.length + shown.length + content.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...pieces, ...directory, end]);
}

/** What the header before a file and that in the directory have in common. */
function facts(header: Buffer, at: number, content: Buffer, name: Buffer): void {
  header.writeUInt16LE(20, at);
  // Names are UTF-8; nothing is compressed; the first day that a zip can name.
  header.writeUInt16LE(0x0800, at + 2);
  header.writeUInt16LE(0x0021, at + 8);
  header.writeUInt32LE(crc32(content), at + 10);
  header.writeUInt32LE(content.length, at + 14);
  header.writeUInt32LE(content.length, at + 18);
  header.writeUInt16LE(name.length, at + 22);
}
