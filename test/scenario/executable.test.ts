// The built executables as users get them: no Node around, a stray environment, as a plugin of both Helms.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HELM_MAJORS, helmPath } from "../../scripts/toolbox.ts";
import { HELM_NOTIFY, succeed } from "../support/bed.ts";
import { run } from "../support/process.ts";

const ROOT = join(import.meta.dirname, "../..");
const VERSION: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "helm-notify-executable-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(["plugin.yaml", "chart-snippets/helm-notify/Chart.yaml"])(
  "%s bears the version of the package",
  (file) => expect(parse(readFileSync(join(ROOT, file), "utf8")).version).toBe(VERSION),
);

it("the licences of what is inside lie beside the executables", () => {
  const licences = readFileSync(join(ROOT, "dist/licenses.txt"), "utf8");
  for (const text of [
    `helm-notify ${VERSION}\n\n`,
    "Apache License",
    "Yehuda Katz",
    "Colin McDonnell",
    "Node.js contributors",
  ]) {
    expect(licences).toContain(text);
  }
});

it("the library chart runs the hook image of its own version", () => {
  const values = parse(readFileSync(join(ROOT, "chart-snippets/helm-notify/values.yaml"), "utf8"));
  expect(values.image.tag).toBe(VERSION);
});

describe.each([
  ["nothing in the environment", {}],
  ["a stray NODE_OPTIONS", { NODE_OPTIONS: "--no-such-option --require /nowhere.js" }],
])("with %s", (_, env) => {
  it("says its version and its help", async () => {
    expect(await run([HELM_NOTIFY, "--version"], { env })).toEqual({
      code: 0,
      signal: null,
      stdout: `${VERSION}\n`,
      stderr: "",
    });
    const help = await run([HELM_NOTIFY, "--help"], { env });
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("Examples:");
    expect((await run([HELM_NOTIFY], { env })).stdout).toBe(help.stdout);
  });

  it("the hook program runs, and says what a pod that nobody set up lacks", async () => {
    const { stdout, stderr } = await run([`${HELM_NOTIFY}-hook`], { env });
    expect(stdout).toBe("");
    expect(stderr).toContain("HELM_NOTIFY_RELEASE is not set");
  });
});

it("help for a word of ours is ours", async () => {
  const { stdout } = await succeed(run([HELM_NOTIFY, "help", "plan"]));
  expect(stdout).toBe((await succeed(run([HELM_NOTIFY, "plan", "--help"]))).stdout);
});

it("a user without a home and a name gets an answer too", () => {
  // Nobody has that number; only root can take it.
  const nobody = process.getuid?.() === 0 ? { uid: 12_345, gid: 12_345 } : {};
  const argv = ["tags", "127.0.0.1:9/acme/api"];
  // The way to the project's folder may be closed to others.
  const program = join(folder, "helm-notify");
  copyFileSync(HELM_NOTIFY, program);
  chmodSync(folder, 0o755);
  const { stderr } = spawnSync(program, argv, {
    ...nobody,
    cwd: "/",
    env: {},
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^helm notify: .*127\.0\.0\.1:9.*\n(?:helm notify: hint: .*\n)?$/);
});

it("a reader that has had enough is no error", () => {
  const pipe = `${HELM_NOTIFY} --help | head -n 1`;
  expect(execFileSync("bash", ["-o", "pipefail", "-c", pipe], { encoding: "utf8" })).toContain(
    "Usage:",
  );
});

it("a disk that is full is one", () => {
  const { status, stderr } = spawnSync("sh", ["-c", `${HELM_NOTIFY} --help > /dev/full`], {
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^helm notify: cannot write what was asked for: .*no space left.*\n$/);
});

it("a folder that is gone is said to be gone", () => {
  const line = `cd "$(mktemp -d)" && rmdir "$PWD" && ${HELM_NOTIFY} live --env staging`;
  const { status, stderr } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toBe(
    "helm notify: the folder this was started in is gone\nhelm notify: hint: Change to a folder that is there.\n",
  );
});

describe.each(HELM_MAJORS)("as a plugin of Helm %i", (major) => {
  let env: Record<string, string>;
  beforeAll(async () => {
    const home = join(folder, `helm-${major}`);
    mkdirSync(home);
    // A copy without node_modules: what a user has after building somewhere else.
    const plugin = join(home, "plugin");
    for (const file of ["plugin.yaml", "plugin.complete", "dist/helm-notify"])
      cpSync(join(ROOT, file), join(plugin, file));
    env = { HOME: home, PATH: process.env["PATH"] ?? "" };
    await succeed(run([helmPath(major), "plugin", "install", plugin], { env }));
  });

  it("is listed, and started by its name", async () => {
    const list = await run([helmPath(major), "plugin", "list"], { env });
    expect(list.stdout).toMatch(new RegExp(`^notify\\s+${VERSION}`, "m"));
    expect((await run([helmPath(major), "notify", "--version"], { env })).stdout).toBe(
      `${VERSION}\n`,
    );
    expect((await run([helmPath(major), "notify", "version", "--short"], { env })).stdout).toMatch(
      `v${major}.`,
    );
  });

  it("completes our words and Helm's flags", async () => {
    const words = await run([helmPath(major), "__complete", "notify", "pl"], { env });
    expect(words.stdout).toMatch(/^plan\t/m);
    const flags = await run([helmPath(major), "__complete", "notify", "upgrade", "--reuse"], {
      env,
    });
    expect(flags.stdout).toMatch(/^--reuse-values\t/m);
    const own = await run([helmPath(major), "__complete", "notify", "upgrade", "--notify-c"], {
      env,
    });
    expect(own.stdout).toMatch(/^--notify-config$/m);
  });

  it("completes our options, and the names in helm-notify.yaml", async () => {
    const repository = mkdtempSync(join(folder, "repository-"));
    const names = "environments: {staging: {values: s.yaml}}\nservices: {api: {}}\n";
    writeFileSync(join(repository, "helm-notify.yaml"), names);
    const complete = async (...words: string[]) => {
      const command = [helmPath(major), "__complete", "notify", ...words];
      return (await run(command, { env, cwd: repository })).stdout;
    };
    expect(await complete("bump", "--allow")).toBe(
      "--allow-downgrade\talso go back to an older tag\n:4\n",
    );
    expect(await complete("bump", "--env", "")).toBe("staging\n:4\n");
    expect(await complete("bump", "--env", "staging", "")).toBe("api=\n:6\n");
    writeFileSync(join(repository, "helm-notify.yaml"), "nonsense\n");
    expect(await complete("bump", "--env", "")).toBe(":4\n");
  });
});
