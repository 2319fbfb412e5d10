// Where image tags stand in values, found by their shape. The rule and its precision: a survey of 773 real values
// files. Lists are never entered: Helm replaces them whole, nothing could be carried.
import { parseImageReference } from "./image-reference.ts";
import { companionsOf, type Service } from "./service.ts";
import { formatPath, isMap, type Value, type Values } from "./values.ts";

/** Lists the places in coalesced values (defaults of the chart and its subcharts, and the user's), in their order. */
export function detectServices(values: Values, chartName: string): Service[] {
  const places = findPlaces(values, []).filter(([root = ""]) => !isAnchorHolder(root));
  const names = places.map((path) => toName(path) || chartName);
  return places.map((path, index) => {
    const own = names[index] ?? chartName;
    const isShared = names.indexOf(own) !== names.lastIndexOf(own);
    const name = isShared ? formatPath(path) : own;
    return { name, tag: path, ...companionsOf(path, values), carry: true };
  });
}

/** `_defaults: &defaults {image: …}`: what is in it stands where the aliases are. */
function isAnchorHolder(root: string): boolean {
  return /^(?:_|x-)/.test(root);
}

function findPlaces(map: Values, path: readonly string[]): string[][] {
  return Object.entries(map).flatMap(([key, value]): string[][] => {
    const here = [...path, key];
    if (isMap(value)) return isOwnedByOthers(here) ? [] : findPlaces(value, here);
    return isPlace(key, value, { map, path }) ? [here] : [];
  });
}

/** The library chart's own image is not a service, and a subchart's `global` is Helm's copy of the parent's. */
function isOwnedByOthers(path: readonly string[]): boolean {
  const key = path.at(-1);
  return key === "helm-notify" || (key === "global" && path.length > 1);
}

/** A map of values, and where it stands. */
interface Surroundings {
  readonly map: Values;
  readonly path: readonly string[];
}

function isPlace(key: string, value: Value, where: Surroundings): boolean {
  const isTagLike = typeof value === "string" || typeof value === "number" || value === null;
  return (
    isTagLike &&
    (isTagPlace(key, where) || isVersionPlace(key, where) || isReferencePlace(key, value, where))
  );
}

function isTagPlace(key: string, { map, path }: Surroundings): boolean {
  if (/image_?tag$/i.test(key) || /^imageTags$/i.test(path.at(-1) ?? "")) return true;
  return (
    /^tag$/i.test(key) &&
    (find(map, "repository") !== undefined ||
      typeof find(map, "image") === "string" ||
      isImageMap(path) ||
      path.length === 0 ||
      (path.length === 1 && path[0] === "global"))
  );
}

function isVersionPlace(key: string, { map, path }: Surroundings): boolean {
  if (!/^(?:image)?version$/i.test(key) || find(map, "tag") !== undefined) return false;
  const image = find(map, "image");
  const isUntagged = typeof image === "string" && image !== "" && !isReference(image);
  return isUntagged || /^image$/i.test(path.at(-1) ?? "");
}

function isReferencePlace(key: string, value: Value, { map, path }: Surroundings): boolean {
  if (!isReference(value) || find(map, "tag") !== undefined || isServer(key, value)) return false;
  return (
    /image$/i.test(key) ||
    (/^repository$/i.test(key) && isImageMap(path)) ||
    /^images?$/i.test(path.at(-1) ?? "")
  );
}

function isImageMap(path: readonly string[]): boolean {
  return /images?$/i.test(path.at(-1) ?? "") || /^images?$/i.test(path.at(-2) ?? "");
}

/** `name:tag` or `name@sha256:…`; `localhost:5000` and `registry.test:5000` are hosts and their ports, `postgres:15` is none. */
function isReference(value: Value): value is string {
  if (typeof value !== "string") return false;
  const { repository = "", tag, digest } = parseImageReference(value) ?? {};
  const isHost = /^(?:localhost|[^/]*\.[^/]*)$/.test(repository);
  const isPort = isHost && tag !== undefined && /^\d{2,5}$/.test(tag);
  return digest !== undefined || (tag !== undefined && !isPort);
}

/** `registry: mirror:5000` beside images. */
function isServer(key: string, value: string): boolean {
  return /registry|host|proxy|mirror/i.test(key) && /^[^/]+:\d{2,5}$/.test(value);
}

/** The value at a key, however it is capitalised. */
function find(map: Values, name: string): Value | undefined {
  const key = Object.keys(map).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : map[key];
}

/** `mcImage.tag` → `mc`, `services.api.image.tag` → `api`, `image.tag` → nothing. */
function toName(path: readonly string[]): string {
  const leaf = path.at(-1) ?? "";
  const isPlainLeaf = /^(?:tag|repository|(?:image)?version)$/i.test(leaf);
  const segments = (isPlainLeaf ? path.slice(0, -1) : path)
    .map((segment) => segment.replace(/[_-]?(?:images?|image_?tags?)$/i, ""))
    .filter((segment) => segment !== "");
  const isGrouped =
    segments.length > 1 && /^(?:services|apps|components)$/i.test(segments[0] ?? "");
  return (isGrouped ? segments.slice(1) : segments).join(".");
}
