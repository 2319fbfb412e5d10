// Overwrites with zeros what the hook never reads of the executable: nothing moves, nothing can break, and gzip makes
// nothing of it.

/** Returns a slimmer copy. */
export function slim(executable: Buffer): Buffer {
  const copy = Buffer.from(executable);
  blankUnloadedSections(copy);
  dropIcuData(copy, (name) => /\.cnv$|\/brkitr\/|\/translit\//.test(name));
  return copy;
}

const IS_LOADED = 2n; // SHF_ALLOC

/** Symbols for debuggers. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.sheader.html */
function blankUnloadedSections(elf: Buffer): void {
  const table = Number(elf.readBigUInt64LE(0x28));
  const [entrySize, count, names] = [0x3a, 0x3c, 0x3e].map((offset) => elf.readUInt16LE(offset));
  if (entrySize === undefined || count === undefined) return;
  for (let index = 1; index < count; index++) {
    const header = table + index * entrySize;
    if (index === names || elf.readBigUInt64LE(header + 8) & IS_LOADED) continue;
    const offset = Number(elf.readBigUInt64LE(header + 0x18));
    elf.fill(0, offset, offset + Number(elf.readBigUInt64LE(header + 0x20)));
  }
}

/**
 * Takes items out of the ICU data inside Node, as ICU's own build tool would: legacy encodings, line breaking and
 * transliteration. Locales stay. https://unicode-org.github.io/icu/userguide/icu_data/#icu-data-file-formats
 */
function dropIcuData(executable: Buffer, isDropped: (name: string) => boolean): void {
  const format = executable.indexOf("CmnD");
  if (format < 0) return;
  const header = format - 12;
  const table = header + executable.readUInt16LE(header);
  const count = executable.readUInt32LE(table);
  const items = Array.from({ length: count }, (_, index) => {
    const entry = table + 4 + 8 * index;
    const nameOffset = executable.readUInt32LE(entry);
    const name = executable.subarray(table + nameOffset, table + nameOffset + 100).toString();
    const offset = executable.readUInt32LE(entry + 4);
    return { nameOffset, offset, isDropped: isDropped(name.replace(/\0.*$/s, "")) };
  });
  items.forEach(({ offset, isDropped: isGone }, index) => {
    const end = items[index + 1]?.offset;
    if (isGone && end !== undefined) executable.fill(0, table + offset, table + end);
  });
  const kept = items.filter((item) => !item.isDropped);
  executable.writeUInt32LE(kept.length, table);
  kept.forEach(({ nameOffset, offset }, index) => {
    executable.writeUInt32LE(nameOffset, table + 4 + 8 * index);
    executable.writeUInt32LE(offset, table + 8 + 8 * index);
  });
}
