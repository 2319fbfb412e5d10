// The files of a .tgz: as much of tar as chart archives use (ustar, pax paths, GNU long names).
import { gunzipSync } from "node:zlib";

// Helm's own limit (pkg/chart/loader/archive: MaxDecompressedChartSize).
const MOST_BYTES = 100 * 1024 * 1024;
const BLOCK = 512;

/** Lists the regular files by their path in the archive. Throws on what is no gzipped tar. */
export function readTarArchive(archive: Uint8Array): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(archive, { maxOutputLength: MOST_BYTES });
  const files = new Map<string, Buffer>();
  let longName: string | undefined;
  let at = 0;
  while (at + BLOCK <= tar.length && tar[at] !== 0) {
    const header = tar.subarray(at, at + BLOCK);
    if (!hasRightChecksum(header)) throw new Error("it is not a tar archive");
    const size = readNumber(header.subarray(124, 136));
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new Error("it ends too early");
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = readText(header.subarray(156, 157));
    if (type === "x") longName = readPaxPath(content) ?? longName;
    else if (type === "L") longName = readText(content);
    else {
      if (type === "" || type === "0") files.set(longName ?? readName(header), content);
      if (type !== "g") longName = undefined;
    }
  }
  return files;
}

function hasRightChecksum(header: Buffer): boolean {
  // Its own eight bytes count as spaces.
  const sum = header.reduce(
    (total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte),
    0,
  );
  return sum === readNumber(header.subarray(148, 156));
}

function readName(header: Buffer): string {
  const isUstar = readText(header.subarray(257, 262)) === "ustar";
  const prefix = isUstar ? readText(header.subarray(345, 500)) : "";
  const name = readText(header.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString();
}

function readNumber(bytes: Buffer): number {
  return Number.parseInt(readText(bytes).trim() || "0", 8);
}

/** Records of `LENGTH key=value\n`; the length counts bytes. */
function readPaxPath(content: Buffer): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < content.length;) {
    const length = Number.parseInt(content.subarray(at, at + 20).toString(), 10);
    if (!(length > 0)) break;
    const record = content
      .subarray(at, at + length)
      .toString()
      .trimEnd();
    path = /^\d+ path=(.*)$/s.exec(record)?.[1] ?? path;
    at += length;
  }
  return path;
}
