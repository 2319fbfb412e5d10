// Manifests, indexes and configurations, of OCI and of Docker: their shapes are the same.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and image-index.md
import * as z from "zod/mini";
import { parseJson } from "../domain/json.ts";

export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const descriptor = z.object({
  digest: z.string(),
  platform: z.optional(z.object({ os: z.string(), architecture: z.string() })),
  annotations: z.nullish(z.record(z.string(), z.string())),
});
const manifest = z.object({
  config: z.optional(descriptor),
  manifests: z.optional(z.array(descriptor)),
});
const configuration = z.object({
  created: z.nullish(z.string()),
  config: z.nullish(z.object({ Labels: z.nullish(z.record(z.string(), z.string())) })),
});

export type Manifest =
  | { readonly kind: "image"; readonly configDigest: string }
  /** One image of those for several platforms. */
  | { readonly kind: "index"; readonly imageDigest: string };

export interface ImageConfiguration {
  /** RFC 3339, as whoever built the image says. */
  readonly created?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `undefined` for what is no manifest, or two things at once (CVE-2021-41190). */
export function decodeManifest(body: Buffer): Manifest | undefined {
  const { config, manifests } = manifest.safeParse(parseJson(body.toString())).data ?? {};
  if (config && !manifests) return { kind: "image", configDigest: config.digest };
  if (config || !manifests) return undefined;
  const images = manifests.filter((one) => !isAttestation(one));
  const [chosen] = [...images.filter(isUsual), ...images];
  return chosen && { kind: "index", imageDigest: chosen.digest };
}

type Descriptor = z.infer<typeof descriptor>;

// https://docs.docker.com/build/metadata/attestations/attestation-storage/
function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

function isUsual({ platform }: Descriptor): boolean {
  return platform?.os === "linux" && platform.architecture === "amd64";
}

export function decodeConfiguration(body: Buffer): ImageConfiguration | undefined {
  const { data } = configuration.safeParse(parseJson(body.toString()));
  if (data === undefined) return undefined;
  return {
    ...(data.created ? { created: data.created } : {}),
    labels: data.config?.Labels ?? {},
  };
}
