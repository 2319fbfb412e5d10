// A real OpenSSH server on the loopback, with keys of its own and a user of its own that exists nowhere else.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { fetchPackage } from "../../cluster/debian.ts";

export interface Sshd {
  /** Belongs to the user who logs in. */
  readonly folder: string;
  /** Of a path on the server. */
  readonly url: (path: string) => string;
  /** Lines of known_hosts. */
  readonly knownHosts: string;
  /** Path of a private key that is let in. */
  readonly key: string;
  /** Path of one that is not. */
  readonly strangersKey: string;
  /** Runs git in `folder` as the user who logs in. */
  readonly git: (argv: readonly string[]) => string;
  readonly stop: () => Promise<void>;
}

// sshd that runs as root needs a system user and a folder below /run. Without, it runs as an ordinary user, of whom
// libnss-wrapper tells it: https://cwrap.org/nss_wrapper.html
const UID = 54_321;
const USER = "git";

export async function startSshd(): Promise<Sshd> {
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(tmpdir(), "sshd-"));
  // OpenSSH takes no key that others may read, or that is another's.
  const clients = mkdtempSync(join(tmpdir(), "sshd-client-"));
  chmodSync(folder, 0o755);
  const hostKey = newKey(join(folder, "host"));
  const [key, strangersKey] = [newKey(join(clients, "key")), newKey(join(clients, "stranger"))];
  const login = isRoot ? { uid: UID, gid: UID } : {};
  const user = isRoot ? USER : userInfo().username;
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "authorized_keys"), readFileSync(`${key}.pub`));
  writeFileSync(join(folder, "passwd"), `${USER}:x:${UID}:${UID}::${folder}/home:/bin/sh\n`);
  writeFileSync(join(folder, "group"), `${USER}:x:${UID}:\n`);
  const { path: program, env } = installProgram(folder, isRoot);
  if (isRoot) for (const name of ["", "host", "home"]) chownSync(join(folder, name), UID, UID);

  const { port, server } = await listen(folder, (config) =>
    spawn(program, ["-D", "-e", "-f", config], {
      ...login,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  const [type = "", publicKey = ""] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
  return {
    folder,
    url: (path) => `ssh://${user}@127.0.0.1:${port}${folder}/${path}`,
    knownHosts: `[127.0.0.1]:${port} ${type} ${publicKey.trim()}\n`,
    key,
    strangersKey,
    git: (argv) =>
      execFileSync("git", argv, {
        ...login,
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: join(folder, "home") },
      }),
    stop: async () => {
      const closed = new Promise((resolve) => server.on("close", resolve));
      server.kill();
      await closed;
      rmSync(folder, { recursive: true, force: true });
      rmSync(clients, { recursive: true, force: true });
    },
  };
}

function newKey(path: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  return path;
}

async function listen(
  folder: string,
  start: (config: string) => ChildProcess,
): Promise<{ port: number; server: ChildProcess }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort();
    const config = join(folder, "sshd_config");
    writeFileSync(config, toConfig(folder, port));
    const server = start(config);
    const said = await firstWords(server);
    // Somebody else may have taken the port meanwhile.
    if (said.includes("Server listening")) return { port, server };
    if (!said.includes("Address already in use")) throw new Error(`sshd: ${said}`);
  }
  throw new Error("sshd found no free port");
}

function firstWords(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    server.on("error", reject);
    server.on("close", () => resolve(said));
    server.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening")) resolve(said);
    });
  });
}

// All else as OpenSSH has it, MaxStartups above all: it drops some of many who come at once.
function toConfig(folder: string, port: number): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "PidFile none",
    // The folder is in /tmp, where everybody may write.
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "",
  ].join("\n");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The program and what it needs of libraries, where the user who runs it can read them. */
function installProgram(folder: string, isRoot: boolean): { path: string; env: NodeJS.ProcessEnv } {
  const installed = "/usr/sbin/sshd";
  const copy = (debian: string, pattern: string) => {
    const root = fetchPackage(debian, () => {});
    const [found = pattern] = globSync(pattern, { cwd: root });
    const path = join(folder, basename(found));
    copyFileSync(join(root, found), path);
    return path;
  };
  const isInstalled = existsSync(installed);
  const path = isInstalled ? installed : copy("openssh-server", `.${installed}`);
  if (!isInstalled) copy("libwrap0", "usr/lib/*/libwrap.so.0");
  const wrapper = isRoot && {
    LD_PRELOAD: copy("libnss-wrapper", "usr/lib/*/libnss_wrapper.so"),
    NSS_WRAPPER_PASSWD: join(folder, "passwd"),
    NSS_WRAPPER_GROUP: join(folder, "group"),
  };
  return { path, env: { LD_LIBRARY_PATH: folder, ...wrapper } };
}
