// registry.example.com:5000/acme/api:1.4.0@sha256:… and its parts.
import type { Value } from "./values.ts";

export interface ImageReference {
  /** With the registry, where one is named. */
  readonly repository: string;
  readonly tag?: string;
  /** With its algorithm: `sha256:…`. */
  readonly digest?: string;
}

// https://github.com/distribution/reference/blob/main/regexp.go, more lenient in upper case.
const REFERENCE =
  /^(?<repository>[\w.-]+(?::\d+(?=\/))?(?:\/[\w.-]+)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>[a-z0-9+._-]+:[0-9a-f]{32,}))?$/i;
const DIGEST = /^[a-z0-9+._-]+:[0-9a-f]{32,}$/i;

/** `undefined` for text that is no image reference. A bare name is one, without tag and digest. */
export function parseImageReference(text: string): ImageReference | undefined {
  const groups = REFERENCE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { repository = "", tag, digest } = groups;
  return {
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Where the images of a repository are kept. */
export interface RepositoryPlace {
  /** Host and port, as people write them: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  readonly name: string;
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?$/i;
const HUB = "docker.io";

/**
 * Reads a repository as Docker does: without a host it is on Docker Hub, and there without a folder in `library/`.
 * `undefined` for what no registry can hold.
 */
export function locateRepository(repository: string): RepositoryPlace | undefined {
  const [first = "", ...rest] = repository.split("/");
  // https://github.com/distribution/reference/blob/v0.6.0/normalize.go ("splitDockerDomain")
  const isHost = rest.length > 0 && (/[.:A-Z]/.test(first) || first === "localhost");
  const host = isHost ? first : HUB;
  const registry = host === `index.${HUB}` ? HUB : host;
  const path = isHost ? rest.join("/") : repository;
  const name = registry === HUB && !path.includes("/") ? `library/${path}` : path;
  return HOST.test(registry) && NAME.test(name) ? { registry, name } : undefined;
}

/** What a value at a service's tag says: a tag, a tag with a digest behind it, or a whole reference. */
export interface TagValue {
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Reads the value at `key`, the last step of a tag's path; nothing for an empty, missing or composite value. */
export function parseTagValue(value: Value | undefined, key: string | number): TagValue {
  if (value === undefined || value === null || value === "" || typeof value === "object") return {};
  const text = String(value);
  const [tag = "", digest] = text.split("@", 2);
  const isReference = /[:/]/.test(tag) || isReferenceKey(key);
  if (isReference) return parseImageReference(text) ?? { tag: text };
  return digest !== undefined && DIGEST.test(digest) ? { tag, digest } : { tag: text };
}

/** Whether a value at this key names an image, and not only its tag. */
export function isReferenceKey(key: string | number): boolean {
  return /(?:image|repository)$/i.test(String(key));
}
