// Registries of images, as the OCI has them: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { locateRepository, type RepositoryPlace } from "../domain/image-reference.ts";
import { parseJson } from "../domain/json.ts";
import type { HttpResponse, ReadImageLabels, SendHttp } from "../flow/ports.ts";
import type { CredentialWorld } from "./credentials.ts";
import { notARegistry } from "./errors.ts";
import { createExchange } from "./exchange.ts";
import {
  decodeConfiguration,
  decodeManifest,
  type ImageConfiguration,
  type Manifest,
  MANIFEST_TYPES,
} from "./manifest.ts";

export interface RegistryWorld extends CredentialWorld {
  readonly send: SendHttp;
  readonly warn: (line: string) => void;
}

/** Repositories are named as in a values file; `reference` is a tag or a digest. All but `readLabels` reject with `REGISTRY_…`. */
export interface Registry {
  readonly readLabels: ReadImageLabels;
  /** In the registry's order. */
  readonly listTags: (repository: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** What a tag stands for now: of all platforms, where there are several. */
  readonly readDigest: (
    repository: string,
    reference: string,
    signal: AbortSignal,
  ) => Promise<string>;
  readonly readConfiguration: (
    repository: string,
    reference: string,
    signal: AbortSignal,
  ) => Promise<ImageConfiguration>;
}

// As many as go-containerregistry asks for; a registry may give fewer.
const PAGE_SIZE = 1000;
const MAX_PAGES = 1000;

const tagList = z.object({ tags: z.nullish(z.array(z.string())) });

export function openRegistry({ send, warn, ...world }: RegistryWorld): Registry {
  const get = createExchange(send, world);
  const warned = new Set<string>();

  const readManifest = async (
    place: RepositoryPlace,
    reference: string,
    signal: AbortSignal,
  ): Promise<{ digest: string; manifest: Manifest }> => {
    const isDigest = reference.includes(":");
    const response = await get({
      place,
      path: `manifests/${checkReference(reference)}`,
      what: `${place.name}${isDigest ? "@" : ":"}${reference}`,
      accept: MANIFEST_TYPES,
      signal,
    });
    const said = isDigest ? reference : response.headers["docker-content-digest"];
    const digest = said ?? digestOf("sha256", response.body);
    checkDigest(response, digest, place);
    const manifest = decodeManifest(response.body);
    if (!manifest) throw notARegistry(place.registry, "no manifest of an image");
    return { digest, manifest };
  };

  const readConfiguration: Registry["readConfiguration"] = async (
    repository,
    reference,
    signal,
  ) => {
    const place = locate(repository);
    let { manifest } = await readManifest(place, reference, signal);
    if (manifest.kind === "index") {
      ({ manifest } = await readManifest(place, manifest.imageDigest, signal));
    }
    if (manifest.kind === "index") throw notARegistry(place.registry, "an index of indexes");
    const { configDigest } = manifest;
    const response = await get({
      place,
      path: `blobs/${checkReference(configDigest)}`,
      what: `${place.name}@${configDigest}`,
      accept: "*/*",
      signal,
    });
    checkDigest(response, configDigest, place);
    const configuration = decodeConfiguration(response.body);
    if (!configuration) throw notARegistry(place.registry, "no configuration of an image");
    return configuration;
  };

  return {
    readConfiguration,
    readDigest: async (repository, reference, signal) =>
      (await readManifest(locate(repository), reference, signal)).digest,
    listTags: async (repository, signal) => {
      const place = locate(repository);
      const tags: string[] = [];
      let query: string | undefined = `?n=${PAGE_SIZE}`;
      for (let page = 0; query !== undefined; page++) {
        if (page === MAX_PAGES) throw notARegistry(place.registry, "a list of tags without end");
        const response: HttpResponse = await get({
          place,
          path: `tags/list${query}`,
          what: place.name,
          signal,
        });
        tags.push(...decodeTags(response, place));
        query = nextQuery(response.headers["link"] ?? "");
      }
      return tags;
    },
    readLabels: async ({ repository, tag, digest }, signal) => {
      try {
        return (await readConfiguration(repository, digest ?? tag, signal)).labels;
      } catch (error) {
        const registry = locateRepository(repository)?.registry ?? repository;
        const reason = error instanceof NotifyError ? error.message : "unexpected answer";
        if (!warned.has(registry)) warn(`no labels of ${repository}: ${reason}`);
        warned.add(registry);
        return undefined;
      }
    },
  };
}

function locate(repository: string): RepositoryPlace {
  const place = locateRepository(repository);
  if (place) return place;
  throw new NotifyError("REGISTRY_BAD_NAME", `"${repository}" is no repository of images`, {
    hint: "Write it as registry/folder/name, in lower case, without tag and scheme.",
  });
}

/** It becomes a part of an address. */
function checkReference(reference: string): string {
  if (/^(?:\w[\w.-]{0,127}|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(reference)) {
    return reference;
  }
  throw new NotifyError("REGISTRY_BAD_NAME", `"${reference}" is neither a tag nor a digest`, {
    hint: "Name a tag, or a digest that begins with sha256:.",
  });
}

function checkDigest({ body }: HttpResponse, digest: string, place: RepositoryPlace): void {
  const [algorithm = ""] = checkReference(digest).split(":");
  if (digestOf(algorithm, body) === digest) return;
  throw notARegistry(place.registry, `other content than ${digest}`);
}

function digestOf(algorithm: string, body: Buffer): string {
  return `${algorithm}:${createHash(algorithm).update(body).digest("hex")}`;
}

function decodeTags({ body }: HttpResponse, { registry }: RepositoryPlace): readonly string[] {
  const { data } = tagList.safeParse(parseJson(body.toString()));
  if (data === undefined) throw notARegistry(registry, "no list of tags");
  return data.tags ?? [];
}

/** Of the next page's address only the query counts: behind a proxy its host is often wrong, and no other may see our token. */
function nextQuery(link: string): string | undefined {
  const [, target = ""] = /<([^>]*)>\s*;[^<]*\brel="?next\b/i.exec(link) ?? [];
  return /\?.*$/.exec(target)?.[0];
}
