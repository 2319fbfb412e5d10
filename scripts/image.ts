// npm run image: dist/helm-notify-hook.oci.tar, the hook's container image, made without Docker.
// With --files DIR: the same files into a folder, for hooks-image/Dockerfile.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { build } from "./build.ts";
import { billOfMaterials } from "./image/bill-of-materials.ts";
import { debianFiles } from "./image/debian-files.ts";
import { buildImage, toArchive } from "./image/oci.ts";
import { slim } from "./image/slim.ts";
import type { TarEntry } from "./image/tar.ts";

const ROOT = join(import.meta.dirname, "..");
const PROGRAM = join(ROOT, "dist/helm-notify-hook");
const ARCHIVE = `${PROGRAM}.oci.tar`;
const BILL = `${PROGRAM}.cdx.json`;
// Of nobody on any machine: what distroless calls `nonroot`.
const USER = 65_532;

interface Files {
  /** What seldom changes. */
  readonly base: readonly TarEntry[];
  readonly program: readonly TarEntry[];
}

async function collectFiles(): Promise<Files> {
  const debian = debianFiles(PROGRAM);
  const bill = await billOfMaterials(ROOT, "hooks-image/main.ts", debian.packages);
  writeFileSync(BILL, bill);
  const executable = { mode: 0o755, content: slim(readFileSync(PROGRAM)) };
  return {
    base: [
      ...debian.entries,
      // Where the OpenSSL inside Node looks.
      { kind: "link", path: "etc/ssl/cert.pem", target: "certs/ca-certificates.crt" },
      text("etc/passwd", `nonroot:x:${USER}:${USER}:nonroot:/:/sbin/nologin\n`),
      text("etc/group", `nonroot:x:${USER}:\n`),
      // Without it, glibc asks DNS before /etc/hosts: a pod's hostAliases would not count.
      text("etc/nsswitch.conf", "hosts: files dns\n"),
    ],
    program: [
      { kind: "file", path: "helm-notify-hook", ...executable },
      text("sbom.cdx.json", bill),
      text("licenses.txt", readFileSync(join(ROOT, "dist/licenses.txt"), "utf8")),
    ],
  };
}

function writeArchive({ base, program }: Files): void {
  const image = buildImage({
    layers: [base, program],
    config: {
      Entrypoint: ["/helm-notify-hook"],
      User: `${USER}:${USER}`,
      WorkingDir: "/",
      Labels: labels(),
    },
  });
  writeFileSync(ARCHIVE, toArchive(image, reference()));
  const size = image.blobs.reduce((total, { content }) => total + content.length, 0);
  console.log(`built dist/helm-notify-hook.oci.tar: ${(size / 1e6).toFixed(1)} MB compressed`);
}

function labels(): Record<string, string> {
  const manifest: { version: string; license: string } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const revision = gitRevision();
  const names = {
    title: "helm-notify-hook",
    description: "Tells Slack what a Helm release really changes",
    version: manifest.version,
    licenses: manifest.license,
    ...(revision !== "" && { revision }),
  };
  return Object.fromEntries(
    Object.entries(names).map(([name, value]) => [`org.opencontainers.image.${name}`, value]),
  );
}

/** Empty outside a Git checkout. */
function gitRevision(): string {
  try {
    const argv = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    return execFileSync("git", argv, { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "";
  }
}

/** The name by which the library chart asks for it, in full as containerd writes it. */
function reference(): string {
  const path = join(ROOT, "chart-snippets/helm-notify/values.yaml");
  const { image }: { image: { repository: string; tag: string } } = parse(
    readFileSync(path, "utf8"),
  );
  const [registry = "", ...rest] = image.repository.split("/");
  if (rest.length === 0) return `docker.io/library/${image.repository}:${image.tag}`;
  const isNamed = /[.:]|^localhost$/.test(registry);
  return `${isNamed ? "" : "docker.io/"}${image.repository}:${image.tag}`;
}

function writeFolder(entries: readonly TarEntry[], folder: string): void {
  for (const entry of entries) {
    const path = join(folder, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    if (entry.kind === "link") symlinkSync(entry.target, path);
    else writeFileSync(path, entry.content, { mode: entry.mode ?? 0o644 });
  }
}

function text(path: string, content: string): TarEntry {
  return { kind: "file", path, content: Buffer.from(content) };
}

const { values } = parseArgs({ options: { files: { type: "string" } } });
await build(console.log);
const files = await collectFiles();
if (values.files === undefined) writeArchive(files);
else writeFolder([...files.base, ...files.program], values.files);
