// The kubeconfig files that hold for this call, merged by client-go's rules: the first file that names a thing wins.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
import { delimiter, dirname, join, resolve } from "node:path";
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";
import {
  decodeKubeconfig,
  type KubeCluster,
  type KubeContext,
  type KubeUser,
  NO_CLUSTER,
  NO_CONTEXT,
  NO_USER,
} from "./kubeconfig-text.ts";
import type { KubeWorld } from "./world.ts";

/** A thing of a kubeconfig and the file it stands in: paths inside are relative to that file. */
export interface Entry<T> {
  readonly file: string;
  readonly value: T;
}

export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, Entry<KubeCluster>>;
  readonly users: ReadonlyMap<string, Entry<KubeUser>>;
  readonly contexts: ReadonlyMap<string, Entry<KubeContext>>;
}

/** `explicit` (--kubeconfig) must exist; of KUBECONFIG's list and of ~/.kube/config what is missing is skipped. */
export async function readKubeconfig(
  explicit: string | undefined,
  world: KubeWorld,
): Promise<Kubeconfig> {
  const clusters = new Map<string, Entry<KubeCluster>>();
  const users = new Map<string, Entry<KubeUser>>();
  const contexts = new Map<string, Entry<KubeContext>>();
  let currentContext = "";
  for (const path of explicit ? [explicit] : defaultFiles(world)) {
    const file = resolve(path);
    const content = await readIfExists(file, world);
    if (content === undefined) {
      if (!explicit) continue;
      throw new NotifyError("KUBECONFIG_MISSING", `kubeconfig ${file} does not exist`, {
        hint: "Check the path given by --kubeconfig.",
      });
    }
    const config = await decodeKubeconfig(content, file);
    currentContext ||= config["current-context"];
    addNew(clusters, file, "cluster", config.clusters, ({ cluster }) => cluster ?? NO_CLUSTER);
    addNew(users, file, "user", config.users, ({ user }) => user ?? NO_USER);
    addNew(contexts, file, "context", config.contexts, ({ context }) => context ?? NO_CONTEXT);
  }
  return { currentContext, clusters, users, contexts };
}

/** A path as a file of a kubeconfig means it. */
export function pathBeside(file: string, path: string): string {
  return resolve(dirname(file), path);
}

/** How messages call a cluster or user; without a name it comes from flags or the environment alone. */
export function placeOf(kind: "cluster" | "user", name: string, file: string): string {
  return name === "" ? "the connection flags" : `${kind} "${name}" of kubeconfig ${file}`;
}

function defaultFiles(world: KubeWorld): string[] {
  const files = world.env["KUBECONFIG"];
  if (!files) return [join(world.homeDir, ".kube", "config")];
  return [...new Set(files.split(delimiter).filter((file) => file !== ""))];
}

async function readIfExists(file: string, world: KubeWorld): Promise<string | undefined> {
  try {
    return (await world.readFile(file)).toString();
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "ENOENT") return undefined;
    throw new NotifyError("KUBECONFIG_UNREADABLE", `cannot read kubeconfig ${file} (${code})`, {
      hint: "Check that the path is a file you may read.",
      cause,
    });
  }
}

function addNew<T, Item extends { readonly name: string }>(
  entries: Map<string, Entry<T>>,
  file: string,
  kind: string,
  items: readonly Item[],
  valueOf: (item: Item) => T,
): void {
  for (const item of items) {
    const known = entries.get(item.name);
    if (known?.file === file) {
      throw new NotifyError(
        "KUBECONFIG_INVALID",
        `kubeconfig ${file} names ${kind} "${item.name}" twice`,
        {
          hint: "Remove one of the two entries.",
        },
      );
    }
    if (!known) entries.set(item.name, { file, value: valueOf(item) });
  }
}
