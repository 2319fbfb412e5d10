// Puts images into a registry that asks for no password, by its API:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
import { createHash } from "node:crypto";

export interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface ImageStyle {
  readonly manifest: string;
  readonly config: string;
}

const OCI: ImageStyle = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
};
export const DOCKER: ImageStyle = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
};
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

/** An image without layers; `reference` is its tag, or left out for one that only an index names. */
export async function pushImage(
  host: string,
  name: string,
  reference: string | undefined,
  config: object,
  style = OCI,
): Promise<Pushed> {
  const content = Buffer.from(JSON.stringify(config));
  const blob = { mediaType: style.config, digest: digestOf(content), size: content.length };
  const upload = await sent(`http://${host}/v2/${name}/blobs/uploads/`, { method: "POST" });
  const place = new URL(upload.headers.get("location") ?? "", `http://${host}`);
  place.searchParams.set("digest", blob.digest);
  await sent(place.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: content,
  });
  const manifest = { schemaVersion: 2, mediaType: style.manifest, config: blob, layers: [] };
  return pushManifest(host, name, reference, manifest);
}

export async function pushManifest(
  host: string,
  name: string,
  reference: string | undefined,
  manifest: { readonly mediaType: string; readonly [field: string]: unknown },
): Promise<Pushed> {
  const content = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(content);
  await sent(`http://${host}/v2/${name}/manifests/${reference ?? digest}`, {
    method: "PUT",
    headers: { "content-type": manifest.mediaType },
    body: content,
  });
  return { mediaType: manifest.mediaType, digest, size: content.length };
}

/** Gives an image one more tag. */
export async function tagImage(
  host: string,
  name: string,
  reference: string,
  tag: string,
): Promise<void> {
  const accept = [OCI.manifest, DOCKER.manifest].join(", ");
  const url = `http://${host}/v2/${name}/manifests`;
  const found = await sent(`${url}/${reference}`, { method: "GET", headers: { accept } });
  const type = found.headers.get("content-type") ?? "";
  const content = await found.text();
  await sent(`${url}/${tag}`, { method: "PUT", headers: { "content-type": type }, body: content });
}

async function sent(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method} ${url}: ${await response.text()}`);
  return response;
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
