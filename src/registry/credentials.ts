// Credentials for a registry, from where Docker, Podman and their like keep them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { RepositoryPlace } from "../domain/image-reference.ts";
import { Secret } from "../domain/secret.ts";
import { errorCode } from "../io/network-error.ts";
import { askCredentialHelper } from "./credential-helper.ts";

/** `origin`: the file that led to them. */
export type Credentials = { readonly origin: string } & (
  | { readonly kind: "password"; readonly username: string; readonly password: Secret }
  /** To be exchanged for a token. */
  | { readonly kind: "identity"; readonly token: Secret }
  /** The registry's own token, ready for use. */
  | { readonly kind: "token"; readonly token: Secret }
);

export interface CredentialWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
}

const text = z.optional(z.string());
const entry = z.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
// https://github.com/docker/cli/blob/v28.3.0/cli/config/configfile/file.go, and as much of containers-auth.json(5)
const config = z.object({
  auths: z.optional(z.record(z.string(), entry)),
  credHelpers: z.optional(z.record(z.string(), z.string())),
  credsStore: text,
});

type Config = z.infer<typeof config>;

/** The first of the files that knows some; a helper comes before what stands in the file itself, as in Docker. */
export async function findCredentials(
  place: RepositoryPlace,
  world: CredentialWorld,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  for (const path of configPaths(world)) {
    const file = await readConfig(path);
    const found = file && (await askConfig(file, path, place, world, signal));
    if (found) return found;
  }
  return undefined;
}

function configPaths({ env, homeDir }: CredentialWorld): string[] {
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  return [
    env["REGISTRY_AUTH_FILE"] || undefined,
    join(env["DOCKER_CONFIG"] || join(homeDir, ".docker"), "config.json"),
    runtimeDir ? join(runtimeDir, "containers/auth.json") : undefined,
    join(env["XDG_CONFIG_HOME"] || join(homeDir, ".config"), "containers/auth.json"),
  ].filter((path) => path !== undefined);
}

async function readConfig(path: string): Promise<Config | undefined> {
  try {
    return config.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    // Without the parser's error, which quotes passwords.
    throw new NotifyError("REGISTRY_CREDENTIALS", `cannot read ${path} as Docker's config.json`, {
      hint: "Correct the file, or log in anew.",
    });
  }
}

async function askConfig(
  { auths = {}, credHelpers = {}, credsStore }: Config,
  origin: string,
  place: RepositoryPlace,
  world: CredentialWorld,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const keys = keysOf(place);
  const helper = pick(credHelpers, keys) ?? credsStore;
  const kept = helper
    ? await askCredentialHelper(helper, serverOf(place), world.env, signal)
    : undefined;
  // https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development ("<token>")
  if (kept?.username === "<token>") return { kind: "identity", token: kept.secret, origin };
  if (kept) return { kind: "password", username: kept.username, password: kept.secret, origin };
  const written = pick(auths, keys);
  return written && fromEntry(written, origin);
}

function fromEntry(written: z.infer<typeof entry>, origin: string): Credentials | undefined {
  const { registrytoken, identitytoken, auth = "" } = written;
  if (registrytoken) return { kind: "token", token: new Secret(registrytoken), origin };
  if (identitytoken) return { kind: "identity", token: new Secret(identitytoken), origin };
  const [, username = written.username, password = written.password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(auth, "base64").toString().replace(/\0+$/, "")) ?? [];
  if (!username || password === undefined) return undefined;
  return { kind: "password", username, password: new Secret(password), origin };
}

const HUB = "docker.io";
/** Under which Docker keeps the credentials of Docker Hub. */
const HUB_SERVER = "https://index.docker.io/v1/";

function serverOf({ registry }: RepositoryPlace): string {
  return registry === HUB ? HUB_SERVER : registry;
}

/** The most particular first: Podman keeps credentials of single repositories and folders too. */
function keysOf({ registry, name }: RepositoryPlace): string[] {
  const hosts = registry === HUB ? [HUB, "index.docker.io", "registry-1.docker.io"] : [registry];
  const parts = name.split("/");
  const folders = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
  return [...folders.flatMap((folder) => hosts.map((host) => `${host}/${folder}`)), ...hosts];
}

/** Keys may be written as addresses: `https://registry.example.com/v2/`. */
function pick<T>(entries: Readonly<Record<string, T>>, keys: readonly string[]): T | undefined {
  const byKey = new Map(
    Object.entries(entries).map(([key, value]) => [
      key.replace(/^https?:\/\//, "").replace(/(?:\/v[12])?\/*$/, ""),
      value,
    ]),
  );
  return keys.map((key) => byKey.get(key)).find((value) => value !== undefined);
}
