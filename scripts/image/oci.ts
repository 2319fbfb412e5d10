// A container image as the OCI lays it out: https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { tar, type TarEntry } from "./tar.ts";

export interface ImageContent {
  /** The lowest first. */
  readonly layers: readonly (readonly TarEntry[])[];
  /** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties (`config`) */
  readonly config: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
}

export interface Image {
  readonly manifest: Blob;
  /** Configuration and layers. */
  readonly blobs: readonly Blob[];
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly content: Buffer;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The same content gives the same bytes. */
export function buildImage({ layers, config }: ImageContent): Image {
  const archives = layers.map((entries) => tar(entries));
  const layerBlobs = archives.map((archive) => blob(LAYER, gzipSync(archive, { level: 9 })));
  const configBlob = blob(
    CONFIG,
    json({
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: archives.map(digestOf) },
    }),
  );
  const manifest = blob(
    MANIFEST,
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor(configBlob),
      layers: layerBlobs.map((layer) => descriptor(layer)),
      // Registries show a manifest's annotations; containers see the configuration's labels.
      ...(config.Labels && { annotations: config.Labels }),
    }),
  );
  return { manifest, blobs: [configBlob, ...layerBlobs] };
}

/** One file that `ctr images import`, `docker load`, `podman load` and `skopeo` read. `reference` is a full name. */
export function toArchive({ manifest, blobs }: Image, reference: string): Buffer {
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...descriptor(manifest),
        annotations: {
          "io.containerd.image.name": reference,
          "org.opencontainers.image.ref.name": reference.replace(/^.*:/, ""),
        },
      },
    ],
  };
  return tar([
    { kind: "file", path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { kind: "file", path: "index.json", content: json(index) },
    ...[...blobs, manifest].map(({ digest, content }) => {
      return { kind: "file", path: `blobs/${digest.replace(":", "/")}`, content } as const;
    }),
  ]);
}

function blob(mediaType: string, content: Buffer): Blob {
  return { mediaType, digest: digestOf(content), content };
}

function descriptor({ mediaType, digest, content }: Blob): object {
  return { mediaType, digest, size: content.length };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
