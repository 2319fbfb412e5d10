import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage, toArchive } from "../../scripts/image/oci.ts";
import { slim } from "../../scripts/image/slim.ts";
import { tar, type TarEntry } from "../../scripts/image/tar.ts";

const folder = mkdtempSync(join(tmpdir(), "helm-notify-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FILE = {
  kind: "file",
  path: "bin/deep/run",
  content: Buffer.from("run"),
  mode: 0o755,
} as const;
const LINK = { kind: "link", path: "etc/here", target: "../bin/deep/run" } as const;
const CONTENT = { layers: [[FILE], [LINK]], config: { User: "65532:65532", Labels: { a: "b" } } };

describe("an archive", () => {
  beforeAll(() => {
    const path = join(folder, "image.tar");
    writeFileSync(path, toArchive(buildImage(CONTENT), "docker.io/library/hook:1.2.3"));
    execFileSync("tar", ["--extract", "--file", path], { cwd: folder });
  });

  it("says its name and version to whoever loads it", () => {
    expect(readJson("index.json")["manifests"][0].annotations).toEqual({
      "io.containerd.image.name": "docker.io/library/hook:1.2.3",
      "org.opencontainers.image.ref.name": "1.2.3",
    });
  });

  it("holds everything under its digest", () => {
    const [manifest] = readJson("index.json")["manifests"];
    const { config, layers } = readBlob(manifest);
    expect(readBlob(config)).toMatchObject({ os: "linux", config: CONTENT.config });
    const unpacked = layers.map(({ digest, size }: Descriptor) => {
      const content = readFileSync(blobPath(digest));
      expect(content).toHaveLength(size);
      return execFileSync("tar", ["--list", "--gzip"], { input: content, encoding: "utf8" });
    });
    expect(unpacked).toEqual(["bin/\nbin/deep/\nbin/deep/run\n", "etc/\netc/here\n"]);
  });
});

it("a tar keeps modes, owners and links, and knows no time", () => {
  const list = ["--list", "--verbose", "--numeric-owner", "--full-time", "--utc"];
  const text = execFileSync("tar", list, { input: tar([FILE, LINK]), encoding: "utf8" });
  expect(text.replaceAll(/ +/g, " ")).toBe(
    `drwxr-xr-x 0/0 0 1970-01-01 00:00:00 bin/
drwxr-xr-x 0/0 0 1970-01-01 00:00:00 bin/deep/
drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/
-rwxr-xr-x 0/0 3 1970-01-01 00:00:00 bin/deep/run
lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 etc/here -> ../bin/deep/run
`,
  );
});

it("a tar refuses a name that it would have to cut", () => {
  const entry: TarEntry = { ...FILE, path: "x".repeat(101) };
  expect(() => tar([entry])).toThrow("too long for a tar: xxx");
});

it("a slimmed Node runs, with its locales and without legacy encodings", () => {
  const path = join(folder, "node");
  writeFileSync(path, slim(readFileSync(process.execPath)), { mode: 0o755 });
  const script = `
    const canDecode = (name) => { try { return new TextDecoder(name) !== null; } catch { return false; } };
    const day = new Date(0).toLocaleDateString("de", { dateStyle: "full", timeZone: "UTC" });
    console.log(JSON.stringify([day, canDecode("utf-16le"), canDecode("gb18030")]));`;
  const output = execFileSync(path, ["--eval", script], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual(["Donnerstag, 1. Januar 1970", true, false]);
});

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

function readJson(path: string) {
  return JSON.parse(readFileSync(join(folder, path), "utf8"));
}

function readBlob({ digest }: Descriptor) {
  const content = readFileSync(blobPath(digest));
  expect(`sha256:${createHash("sha256").update(content).digest("hex")}`).toBe(digest);
  return JSON.parse(content.toString());
}

function blobPath(digest: string): string {
  return join(folder, "blobs", digest.replace(":", "/"));
}
