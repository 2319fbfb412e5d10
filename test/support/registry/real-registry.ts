// The real registry of Debian (distribution 2.8) on a free port. Several may share one folder of images.
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fetchPackage } from "../../cluster/debian.ts";
import { selfSigned } from "../kube/certificate.ts";

export interface RealRegistry {
  /** As it stands in front of an image's name. */
  readonly host: string;
  /** PEM of the authority of its certificate. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

export interface RegistryOptions {
  /** Images are kept here. */
  readonly storage: string;
  /** Its own sections: https://distribution.github.io/distribution/about/configuration/ */
  readonly config?: object;
  readonly plain?: boolean;
  /** Where it listens: this machine's loopback, unless the node of a real cluster is to reach it. */
  readonly address?: string;
}

/** Takes some seconds once: the package is unpacked into the cache. */
export function registryProgram(): string {
  const folder = fetchPackage("docker-registry", (line) => process.stderr.write(`${line}\n`));
  return join(folder, "usr/bin/docker-registry");
}

export async function startRegistry(options: RegistryOptions): Promise<RealRegistry> {
  const { address = "127.0.0.1" } = options;
  const folder = mkdtempSync(join(options.storage, "config-"));
  const { key, cert } = selfSigned(["localhost"], [address]);
  const tls = { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  writeFileSync(tls.certificate, cert);
  writeFileSync(tls.key, key, { mode: 0o600 });
  const path = join(folder, "config.yml");
  const config = {
    version: "0.1",
    log: { formatter: "json", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: options.storage } },
    http: { addr: `${address}:0`, secret: "test", ...(options.plain ? {} : { tls }) },
    ...options.config,
  };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  const child = spawn(registryProgram(), ["serve", path], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const said: string[] = [];
  const port = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => reject(new Error(`the registry ended: ${said.join("\n")}`)));
    createInterface(child.stderr).on("line", (line) => {
      said.push(line);
      const [, found] = /listening on [\d.]+:(\d+)/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    host: `${address}:${port}`,
    ca: cert,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** For `config.auth` of the real registry, which takes bcrypt only: the password of jane is `right`. */
export const HTPASSWD = "jane:$2b$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC\n";
