// What the image takes from this machine's Debian: shared libraries and authorities, and which packages they are of.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";
import type { TarEntry } from "./tar.ts";

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

export interface DebianFiles {
  readonly entries: readonly TarEntry[];
  readonly packages: readonly DebianPackage[];
}

const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

export function debianFiles(executable: string): DebianFiles {
  const libraries = librariesOf(executable);
  const names = new Set([...libraries.map(packageOf), "ca-certificates"]);
  const packages = [...names].toSorted().map(describePackage);
  const copyrights = packages.map(({ name }) => `/usr/share/doc/${name}/copyright`);
  const files = [...libraries, ...copyrights, AUTHORITIES].map((path): TarEntry => {
    const mode = libraries.includes(path) ? 0o755 : 0o644;
    return { kind: "file", path: path.slice(1), content: readFileSync(path), mode };
  });
  return { entries: files, packages };
}

/** As the dynamic loader finds them, itself among them. */
function librariesOf(executable: string): string[] {
  const lines = run("ldd", [executable]).split("\n");
  return lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []).toSorted();
}

/** By its file name: /lib is a link to /usr/lib, and dpkg knows a file by one of the two. */
function packageOf(path: string): string {
  const [owner = ""] = run("dpkg-query", ["--search", `*/${basename(path)}`]).split(":");
  return owner;
}

function describePackage(name: string): DebianPackage {
  const format = "--showformat=${Version} ${Architecture}\n";
  // Of several architectures, the machine's own comes first.
  const [line = ""] = run("dpkg-query", ["--show", format, name]).split("\n");
  const [version = "", architecture = ""] = line.split(" ");
  return { name, version, architecture };
}

function run(program: string, argv: readonly string[]): string {
  if (!existsSync("/usr/bin/dpkg-query") || !existsSync(AUTHORITIES)) {
    throw new NotifyError("IMAGE_NEEDS_DEBIAN", "the image is made of this machine's libraries", {
      hint: "Use Debian with ca-certificates, or hooks-image/Dockerfile.",
    });
  }
  return execFileSync(program, argv, { encoding: "utf8" });
}
