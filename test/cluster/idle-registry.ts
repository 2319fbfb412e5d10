// A registry with one image under every name and tag: the applications of the test charts, which have nothing to do.
// As a program: node idle-registry.ts BUSYBOX
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { buildImage, type Image, type ImageContent } from "../../scripts/image/oci.ts";
import type { TarEntry } from "../../scripts/image/tar.ts";
import type { Daemon } from "./daemon.ts";

/** Stands in for this one: all test charts name it. */
export const IDLE_REGISTRY = "registry.example.com";
export const IDLE_REGISTRY_PORT = 5000;

export function idleRegistry(busybox: string): Daemon {
  const argv = [import.meta.filename, busybox];
  return { name: "idle-registry", program: process.execPath, argv, needsMachineFiles: true };
}

const APPLETS = ["sh", "sleep", "false", "true", "cat", "env"];
// As process 1 it reaps orphans, and without a trap it would not hear SIGTERM.
const IDLE = "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done";

/** `config` wins: labels, or another command than to idle. */
export function idleImage(busybox: Buffer, config: ImageContent["config"] = {}): Image {
  const links = APPLETS.map((name): TarEntry => {
    return { kind: "link", path: `bin/${name}`, target: "busybox" };
  });
  return buildImage({
    layers: [[{ kind: "file", path: "bin/busybox", content: busybox, mode: 0o755 }, ...links]],
    config: { Cmd: ["/bin/sh", "-c", IDLE], Env: ["PATH=/bin"], ...config },
  });
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull
function serve({ manifest, blobs }: Image): void {
  const byDigest = new Map([manifest, ...blobs].map((blob) => [blob.digest, blob]));
  createServer((request, response) => {
    const [, kind, reference = ""] = /\/(manifests|blobs)\/([^/?]+)/.exec(request.url ?? "") ?? [];
    const isTag = kind === "manifests" && !reference.startsWith("sha256:");
    const blob = isTag ? manifest : byDigest.get(reference);
    if (blob === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": blob.mediaType,
      "content-length": blob.content.length,
      "docker-content-digest": blob.digest,
    });
    response.end(request.method === "HEAD" ? undefined : blob.content);
  }).listen(IDLE_REGISTRY_PORT, "127.0.0.1");
}

if (import.meta.main) serve(idleImage(readFileSync(process.argv[2] ?? "")));
