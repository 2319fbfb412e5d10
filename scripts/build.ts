// npm run build: dist/helm-notify and dist/helm-notify-hook, each a Node 24 with one bundle inside.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { build as bundle } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const WORK = join(DIST, ".build");
const POSTJECT = createRequire(import.meta.url).resolve("postject/dist/cli.js");
const LIBRARY_CHART = "chart-snippets/helm-notify";
// https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html
const SEA_FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

interface Program {
  readonly name: string;
  readonly entry: string;
  /** Files inside the executable, by key. */
  readonly assets: Readonly<Record<string, string>>;
}

const PROGRAMS: readonly Program[] = [
  { name: "helm-notify", entry: "src/main.ts", assets: libraryChart() },
  { name: "helm-notify-hook", entry: "hooks-image/main.ts", assets: {} },
];

/** Builds what is missing or older than its sources. */
export async function build(log: (line: string) => void = () => {}): Promise<void> {
  mkdirSync(WORK, { recursive: true });
  const digest = sourceDigest();
  for (const program of PROGRAMS) {
    const path = join(DIST, program.name);
    const stamp = join(WORK, `${program.name}.digest`);
    if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) continue;
    await buildProgram(program, path);
    writeFileSync(stamp, digest);
    log(`built ${relative(ROOT, path)}`);
  }
}

async function buildProgram(program: Program, path: string): Promise<void> {
  // Two builds at once do not meet.
  const part = join(WORK, `${program.name}.${process.pid}`);
  const main = `${part}.cjs`;
  const blob = `${part}.blob`;
  const config = `${part}.json`;
  await bundle({
    entryPoints: [join(ROOT, program.entry)],
    outfile: main,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    define: { VERSION: JSON.stringify(version()) },
    // Minified identifiers gain nothing here and make a stack unreadable.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
    // The source tree is found by it, the executable never looks there.
    logOverride: { "empty-import-meta": "silent" },
  });
  writeFileSync(
    config,
    JSON.stringify({
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // Else NODE_OPTIONS of the user's shell would change the program.
      execArgvExtension: "none",
      assets: program.assets,
    }),
  );
  execFileSync(process.execPath, ["--experimental-sea-config", config], { stdio: "pipe" });
  copyFileSync(process.execPath, part);
  chmodSync(part, 0o755);
  execFileSync(
    process.execPath,
    [POSTJECT, part, "NODE_SEA_BLOB", blob, "--sentinel-fuse", SEA_FUSE],
    { stdio: "pipe" },
  );
  renameSync(part, path);
  for (const file of [main, blob, config]) rmSync(file);
}

function libraryChart(): Record<string, string> {
  const files = globSync("**/*", { cwd: join(ROOT, LIBRARY_CHART), withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .toSorted()
      .map((path) => [relative(ROOT, path), path]),
  );
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  return manifest.version;
}

/** Of everything that goes into an executable: a change anywhere makes both anew. */
function sourceDigest(): string {
  const hash = createHash("sha256").update(process.version);
  const sources = [
    "src/**/*.ts",
    "hooks-image/**/*.ts",
    `${LIBRARY_CHART}/**/*`,
    "scripts/build.ts",
    "package-lock.json",
    "package.json",
  ];
  const files = globSync(sources, { cwd: ROOT, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted()) {
    hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path));
  }
  return hash.digest("hex");
}

if (import.meta.main) await build(console.log);
