// npm run build: dist/helm-notify and dist/helm-notify-hook, each a Node 24 with one bundle inside.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { build as bundle } from "esbuild";
import { run } from "../test/support/process.ts";
import { bundledPackages, licenceTexts } from "./bundled-packages.ts";
import { precompiledTexts } from "./precompiled-texts.ts";
import { type WarmUp, withWarmUps } from "./warm-up.ts";

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
  /** Options of Node's own. */
  readonly execArgv: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  { name: "helm-notify", entry: "src/main.ts", assets: libraryChart(), execArgv: [] },
  {
    name: "helm-notify-hook",
    entry: "hooks-image/main.ts",
    assets: {},
    // By it the image's authorities count, and they are not all read at every start.
    execArgv: ["--use-openssl-ca"],
  },
];

/** Builds what is missing or older than its sources. */
export async function build(log: (line: string) => void = () => {}): Promise<void> {
  mkdirSync(WORK, { recursive: true });
  const digest = sourceDigest();
  const stale = PROGRAMS.filter(({ name }) => !isFresh(name, digest));
  if (stale.length === 0) return;
  // First: a build that breaks off here is begun again.
  const packages = await bundledPackages(PROGRAMS.map(({ entry }) => entry));
  writeFileSync(join(DIST, "licenses.txt"), licenceTexts(packages));
  await withWarmUps(async (warmUps) => {
    for (const program of stale) {
      await buildProgram(program, warmUps[program.name]);
      writeFileSync(stampOf(program.name), digest);
      log(`built dist/${program.name}`);
    }
  });
}

const stampOf = (name: string) => join(WORK, `${name}.digest`);

function isFresh(name: string, digest: string): boolean {
  const stamp = stampOf(name);
  return (
    existsSync(join(DIST, name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest
  );
}

async function buildProgram(program: Program, warmUp: WarmUp | undefined): Promise<void> {
  // Two builds at once do not meet.
  const folder = mkdtempSync(join(WORK, `${program.name}-`));
  try {
    const source = join(folder, "program.js");
    const cache = join(folder, "program.cache");
    const boot = join(folder, "boot.cjs");
    await bundleInto(source, program.entry, FUNCTION_OF_REQUIRE);
    await bundleInto(boot, "scripts/boot.ts");
    await writeCodeCache(source, cache, warmUp);
    const executable = join(folder, program.name);
    makeExecutable(executable, boot, program.execArgv, {
      ...program.assets,
      "program.js": source,
      "program.cache": cache,
    });
    renameSync(executable, join(DIST, program.name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What boot.ts calls. */
const FUNCTION_OF_REQUIRE = { banner: { js: "(function (require) {" }, footer: { js: "})" } };

async function bundleInto(outfile: string, entry: string, wrapping: object = {}): Promise<void> {
  await bundle({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    plugins: [precompiledTexts],
    define: { VERSION: JSON.stringify(version()) },
    // Minified identifiers gain nothing here and make a stack unreadable.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
    // The source tree is found by it, the executable never looks there.
    logOverride: { "empty-import-meta": "silent" },
    ...wrapping,
  });
}

async function writeCodeCache(
  source: string,
  cache: string,
  warmUp: WarmUp | undefined,
): Promise<void> {
  const { argv = [], env = {} } = warmUp ?? {};
  const script = join(ROOT, "scripts/code-cache.ts");
  const { code, stderr } = await run([process.execPath, script, source, cache, ...argv], { env });
  if (code !== 0) throw new Error(`the warm-up run ended with ${code}: ${stderr}`);
}

function makeExecutable(
  path: string,
  main: string,
  execArgv: readonly string[],
  assets: Readonly<Record<string, string>>,
): void {
  const blob = `${path}.blob`;
  const config = `${path}.json`;
  const settings = {
    main,
    output: blob,
    assets,
    execArgv,
    disableExperimentalSEAWarning: true,
    // Else NODE_OPTIONS of the user's shell would change the program.
    execArgvExtension: "none",
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(process.execPath, ["--experimental-sea-config", config], { stdio: "pipe" });
  copyFileSync(process.execPath, path);
  chmodSync(path, 0o755);
  execFileSync(
    process.execPath,
    [POSTJECT, path, "NODE_SEA_BLOB", blob, "--sentinel-fuse", SEA_FUSE],
    { stdio: "pipe" },
  );
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
    "scripts/{boot,build,bundled-packages,code-cache,precompiled-texts,warm-up}.ts",
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
