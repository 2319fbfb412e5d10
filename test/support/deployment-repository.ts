// A deployment repository on a Git server, and people and CI jobs that bump in it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HELM_NOTIFY } from "./bed.ts";
import { type Finished, run, type RunOptions } from "./process.ts";
import type { Sshd } from "./ssh/sshd.ts";

// The images of the tests are in no registry.
const BUMP = [HELM_NOTIFY, "bump", "--no-verify-image"];

export type Files = Readonly<Record<string, string>>;

export interface DeploymentRepository {
  readonly url: string;
  /** On the server, as the server's user. */
  readonly git: (argv: readonly string[]) => string;
  /** The newest commit of the default branch on the server. */
  readonly tip: () => string;
  readonly fileOnServer: (path: string) => string;
  /** Runs `bump`, somewhere outside of any repository. */
  readonly bump: (argv: readonly string[], options?: BumpOptions) => Promise<Finished>;
  /** A folder that is a clone of it. */
  readonly clone: (options?: readonly string[]) => Promise<Clone>;
  readonly close: () => void;
}

interface BumpOptions extends RunOptions {
  /** What starts it. */
  readonly via?: readonly string[];
}

interface Clone {
  readonly folder: string;
  readonly git: (argv: readonly string[]) => Promise<Finished>;
  readonly bump: (argv: readonly string[], options?: BumpOptions) => Promise<Finished>;
  readonly write: (path: string, text: string) => void;
}

export interface RepositoryOptions {
  /** The default branch. */
  readonly branch?: string;
  readonly objectFormat?: "sha1" | "sha256";
}

let count = 0;

export async function openDeploymentRepository(
  sshd: Sshd,
  files: Files,
  { branch = "main", objectFormat = "sha1" }: RepositoryOptions = {},
): Promise<DeploymentRepository> {
  const path = `deploy-${count++}.git`;
  const format = ["--quiet", `--initial-branch=${branch}`, `--object-format=${objectFormat}`];
  sshd.git(["init", "--bare", ...format, path]);
  const url = sshd.url(path);
  const home = mkdtempSync(join(tmpdir(), "bump-"));
  const knownHosts = join(home, "known_hosts");
  writeFileSync(knownHosts, sshd.knownHosts);
  const ssh = `ssh -i ${sshd.key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}`;
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    TMPDIR: home,
    GIT_CONFIG_NOSYSTEM: "1",
    HELM_NOTIFY_SSH_KEY: sshd.key,
    HELM_NOTIFY_KNOWN_HOSTS: knownHosts,
  };
  writeFileSync(join(home, ".gitconfig"), "[user]\n\tname = CI\n\temail = ci@example.com\n");
  const inFolder = (cwd: string) => ({
    folder: cwd,
    git: (argv: readonly string[]) =>
      run(["git", ...argv], { cwd, env: { ...env, GIT_SSH_COMMAND: ssh } }),
    bump: (argv: readonly string[], { via = [], ...options }: BumpOptions = {}) =>
      run([...via, ...BUMP, ...argv], {
        cwd,
        ...options,
        env: { ...env, ...options.env },
      }),
    write: (name: string, text: string) => {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), text);
    },
  });
  let clones = 0;
  const clone = async (options: readonly string[] = []) => {
    const folder = join(home, `clone-${clones++}`);
    await inFolder(home).git(["clone", "--quiet", ...options, url, folder]);
    return inFolder(folder);
  };
  const first = inFolder(join(home, "first"));
  await inFolder(home).git(["init", ...format, "first"]);
  await first.git(["remote", "add", "origin", url]);
  for (const [name, text] of Object.entries(files)) first.write(name, text);
  await first.git(["add", "."]);
  await first.git(["commit", "--quiet", "-m", "Begin"]);
  const pushed = await first.git(["push", "--quiet", "origin", branch]);
  if (pushed.code !== 0) throw new Error(pushed.stderr);

  const git = (argv: readonly string[]) => sshd.git(["-C", path, ...argv]);
  return {
    url,
    git,
    tip: () => git(["rev-parse", branch]).trim(),
    fileOnServer: (name) => git(["show", `${branch}:${name}`]),
    bump: inFolder(home).bump,
    clone,
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
