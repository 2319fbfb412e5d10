// A tar archive that depends on nothing but its entries: no times, no owners of this machine.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html ("ustar Interchange Format")

export type TarEntry =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: Buffer;
      readonly mode?: number;
    }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const BLOCK = 512;
const NAME_LIMIT = 100;

/** Entries in the order given, each folder before the first entry in it. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const folders = new Set(entries.flatMap(({ path }) => parentsOf(path)));
  const parts = [
    ...[...folders].map((path) => header(path, { type: "5", mode: 0o755 })),
    ...entries.flatMap(writeEntry),
    Buffer.alloc(2 * BLOCK),
  ];
  return Buffer.concat(parts);
}

function writeEntry(entry: TarEntry): Buffer[] {
  if (entry.kind === "link") {
    return [header(entry.path, { type: "2", mode: 0o777, target: entry.target })];
  }
  const { path, content, mode = 0o644 } = entry;
  const rest = content.length % BLOCK;
  return [
    header(path, { type: "0", mode, size: content.length }),
    content,
    Buffer.alloc(rest === 0 ? 0 : BLOCK - rest),
  ];
}

/** `a/b/c` → `a/`, `a/b/`. */
function parentsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => `${names.slice(0, index + 1).join("/")}/`);
}

interface Fields {
  readonly type: "0" | "2" | "5";
  readonly mode: number;
  readonly size?: number;
  readonly target?: string;
}

function header(path: string, { type, mode, size = 0, target = "" }: Fields): Buffer {
  for (const name of [path, target]) {
    if (Buffer.byteLength(name) > NAME_LIMIT) throw new Error(`too long for a tar: ${name}`);
  }
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  writeOctal(block, 100, 8, mode);
  writeOctal(block, 108, 8, 0); // user
  writeOctal(block, 116, 8, 0); // group
  writeOctal(block, 124, 12, size);
  writeOctal(block, 136, 12, 0); // modified
  block.write(" ".repeat(8), 148); // the checksum counts itself as blanks
  block.write(type, 156);
  block.write(target, 157);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset);
}
