// A registry of this machine with an authority of its own: the node pulls from it, and pushes to it as a client would.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, run } from "../support/process.ts";
import type { Place } from "./place.ts";
import { inside, type Sandbox } from "./sandbox.ts";

/** Of containerd, apart from what the kubelet pulls. */
const CLIENT_NAMESPACE = "client";

/** Returns what takes it back. Read at every pull: https://github.com/containerd/containerd/blob/v1.6.20/docs/hosts.md */
export function trustRegistry(place: Place, host: string, ca: string): () => void {
  const folder = join(place.folder, "etc/registries", host);
  mkdirSync(folder);
  writeFileSync(join(folder, "ca.crt"), ca);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The line of a shell script that is containerd's client, with its own images. */
export function ctrCommand(sandbox: Sandbox): string {
  return [...inside(sandbox), "ctr", "--namespace", CLIENT_NAMESPACE].join(" ");
}

/** Takes away what came to the node by this registry. */
export async function removeImages(sandbox: Sandbox, host: string): Promise<void> {
  for (const namespace of [CLIENT_NAMESPACE, "k8s.io"]) {
    const ctr = async (...argv: string[]): Promise<Finished> =>
      run([...inside(sandbox), "ctr", "--namespace", namespace, "images", ...argv], { cwd: "/" });
    const { stdout } = await ctr("list");
    const images = stdout.split("\n").map((line) => line.split(/\s+/));
    // The kubelet's stand there by name and by ID.
    const digests = images.flatMap(([name = "", , digest]) =>
      name.startsWith(`${host}/`) ? [digest] : [],
    );
    const names = images.flatMap(([name = "", , digest]) => (digests.includes(digest) ? name : []));
    if (names.length > 0) await ctr("remove", ...names);
  }
}
