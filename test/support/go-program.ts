// Programs of others, built once from Go modules. At the lowest priority: it takes minutes of all cores.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";
import { cacheFolder } from "../cluster/place.ts";

export interface GoProgram {
  readonly name: string;
  /** Where its go.mod and go.sum stand. */
  readonly folder: string;
  /** The main package, as `go build` takes it. */
  readonly package: string;
  /** Sources of ours beside the modules. */
  readonly sources?: readonly string[];
  readonly linkerFlags?: string;
  /** What to do where there is no Go. */
  readonly hint: string;
}

/** Its path in the cache, under a digest of all that goes into it. */
export function buildGoProgram(program: GoProgram, log: (line: string) => void): string {
  const path = join(cacheFolder(), `${program.name}-${digest(program)}`, program.name);
  if (existsSync(path)) return path;
  log(`building ${program.name} from its Go modules: some minutes, once`);
  const part = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  const argv = ["build", ...buildFlags(program), "-o", part, program.package];
  execFileSync("nice", ["-n", "19", "go", ...argv], {
    cwd: program.folder,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
    stdio: ["ignore", process.stderr, process.stderr],
  });
  renameSync(part, path);
  return path;
}

/** Without inlining, which takes a quarter of the time. */
function buildFlags({ linkerFlags = "" }: GoProgram): string[] {
  return ["-trimpath", "-gcflags=all=-l", `-ldflags=-s -w ${linkerFlags}`];
}

function digest(program: GoProgram): string {
  const hash = createHash("sha256")
    .update(goVersion(program))
    .update(buildFlags(program).join("\0"));
  for (const file of ["go.mod", "go.sum", ...(program.sources ?? [])]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(program.folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

function goVersion({ name, folder, hint }: GoProgram): string {
  try {
    return execFileSync("go", ["env", "GOVERSION", "GOARCH"], { cwd: folder, encoding: "utf8" });
  } catch (cause) {
    throw new NotifyError("GO_NEEDED", `could not start go, which builds ${name}`, { hint, cause });
  }
}
