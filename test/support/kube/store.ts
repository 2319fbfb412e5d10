// The objects, their versions, and the log watches read from. Everything happens at once: there is no other writer.
import { randomBytes, randomUUID } from "node:crypto";
import { admit, inherit } from "./admission.ts";
import { alreadyExists, conflict, expired, notFound } from "./api-error.ts";
import { timestamp } from "./clock.ts";
import { applyDefaults } from "./defaults.ts";
import { clone, deepEqual, type KubeObject, type ManagedFieldsEntry } from "./json.ts";
import { trackUpdate } from "./managed-fields.ts";
import { apiVersionOf, qualifiedName, type Resource, type ResourceTable } from "./resources.ts";

export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: Resource;
  readonly version: number;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

export interface WriteOptions {
  readonly isDryRun?: boolean;
  /** Who becomes owner of the changed fields; a server-side apply has settled that itself. */
  readonly tracking?: { readonly manager: string; readonly subresource?: string };
}

export interface DeleteOptions {
  readonly isDryRun?: boolean;
  readonly propagationPolicy?: string;
  /** Preconditions; `""` asks for nothing. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

const LOG_LIMIT = 5000;
// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/names/generate.go - the
// random suffix has five characters, the whole name 63.
const GENERATED_BASE_LIMIT = 58;
// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const randomSuffix = () =>
  Array.from(randomBytes(5), (byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join("");

const WITHOUT_GENERATION = new Set(
  "HorizontalPodAutoscaler IngressClass Lease LimitRange Namespace Node PersistentVolume PersistentVolumeClaim ResourceQuota Service".split(
    " ",
  ),
);

export class Store {
  readonly #resources: ResourceTable;
  readonly #tables = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #log: StoreEvent[] = [];
  #version = 1;
  /** What happened up to this version is forgotten. */
  #compacted = 0;

  constructor(resources: ResourceTable) {
    this.#resources = resources;
  }

  get version(): number {
    return this.#version;
  }

  get(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    return this.#table(resource).get(keyOf(resource, namespace, name));
  }

  require(resource: Resource, namespace: string, name: string): KubeObject {
    const object = this.get(resource, namespace, name);
    if (object === undefined) throw notFound(resource, name);
    return object;
  }

  /** Ordered by namespace and name; `namespace` `""` means all of them. */
  list(
    resource: Resource,
    namespace: string,
    matches: (object: KubeObject) => boolean = () => true,
  ): KubeObject[] {
    return select(this.#table(resource), resource, namespace, matches);
  }

  /** The same as it was at `version`, as far back as the log reaches. */
  listAt(
    version: number,
    resource: Resource,
    namespace: string,
    matches: (object: KubeObject) => boolean,
  ): KubeObject[] {
    const later = this.since(version);
    if (later === undefined) throw expired("The resourceVersion for the provided list is too old.");
    const table = new Map(this.#table(resource));
    for (const event of later.toReversed()) {
      if (qualifiedName(event.resource) !== qualifiedName(resource)) continue;
      const { namespace: place = "", name } = event.object.metadata;
      const key = keyOf(resource, place, name);
      if (event.previous === undefined) table.delete(key);
      else table.set(key, event.previous);
    }
    return select(table, resource, namespace, matches);
  }

  /** Forgets what was before now, as etcd does: by default what is older than five minutes. */
  compact(): void {
    this.#log = [];
    this.#compacted = this.#version;
  }

  create(
    resource: Resource,
    namespace: string,
    wanted: Partial<KubeObject>,
    options: WriteOptions = {},
  ): KubeObject {
    const object = clone({
      ...wanted,
      apiVersion: wanted.apiVersion ?? apiVersionOf(resource),
      kind: wanted.kind ?? resource.kind,
      metadata: wanted.metadata ?? { name: "" },
    }) as KubeObject;
    const { metadata } = object;
    if (resource.isNamespaced) {
      metadata.namespace = namespace;
      this.require(this.#resources.named("namespaces"), "", namespace);
    }
    if (!metadata.name && metadata.generateName !== undefined)
      metadata.name = metadata.generateName.slice(0, GENERATED_BASE_LIMIT) + randomSuffix();
    if (this.get(resource, namespace, metadata.name) !== undefined)
      throw alreadyExists(resource, metadata.name);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = timestamp();
    delete metadata.resourceVersion;
    delete metadata.generation;
    delete metadata.deletionTimestamp;
    if (resource.subresources.includes("status")) delete object["status"];
    return this.#write(resource, object, undefined, options);
  }

  /** Writes `wanted` in the place of `old`; returns `old` itself where nothing changed. */
  replace(
    resource: Resource,
    old: KubeObject,
    wanted: KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const object = clone(wanted);
    const { metadata } = object;
    const { uid, creationTimestamp, deletionTimestamp, generation } = old.metadata;
    Object.assign(metadata, { uid, creationTimestamp });
    if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
    if (generation !== undefined) metadata.generation = generation;
    inherit(object, old);
    return this.#write(resource, object, old, options);
  }

  /** For controllers: changes an object where it stands, its status too; no object, no change. */
  change(
    resource: Resource,
    namespace: string,
    name: string,
    change: (object: KubeObject) => void,
  ): void {
    const old = this.get(resource, namespace, name);
    if (old === undefined) return;
    const object = clone(old);
    change(object);
    this.replace(resource, old, object);
  }

  delete(resource: Resource, namespace: string, name: string, options: DeleteOptions = {}): void {
    const object = this.require(resource, namespace, name);
    checkPreconditions(resource, object, options);
    if (options.isDryRun) return;
    if (options.propagationPolicy === "Orphan") this.#orphanDependents(object);
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.remove(resource, object);
    } else if (object.metadata.deletionTimestamp === undefined) {
      const marked = clone(object);
      marked.metadata.deletionTimestamp = timestamp();
      this.#save(resource, marked, object);
    }
  }

  /** Takes an object away, whatever its finalizers say, and with it what it owns. */
  remove(resource: Resource, object: KubeObject): void {
    const { namespace = "", name, uid } = object.metadata;
    if (!this.#table(resource).delete(keyOf(resource, namespace, name))) return;
    this.#version++;
    const last = clone(object);
    last.metadata.resourceVersion = String(this.#version);
    this.#emit({
      type: "DELETED",
      resource,
      version: this.#version,
      object: last,
      previous: object,
    });
    for (const [dependentResource, dependent] of this.#everything()) {
      const isOwned = dependent.metadata.ownerReferences?.some((owner) => owner.uid === uid);
      const isInside = resource.plural === "namespaces" && dependent.metadata.namespace === name;
      if (isOwned || isInside) this.remove(dependentResource, dependent);
    }
  }

  /** Events are told in order, while the write is still under way. Returns the end of it. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What happened after `version`; `undefined` where the log no longer reaches back so far. */
  since(version: number): StoreEvent[] | undefined {
    if (version < this.#compacted) return undefined;
    return this.#log.filter((event) => event.version > version);
  }

  #write(
    resource: Resource,
    object: KubeObject,
    old: KubeObject | undefined,
    { isDryRun = false, tracking }: WriteOptions,
  ): KubeObject {
    const { metadata } = object;
    applyDefaults(object);
    // After the defaults: a manager owns the defaulted fields of what it wrote, too.
    if (tracking !== undefined) trackUpdate(old, object, { ...tracking, now: timestamp() });
    admit(resource, object, old);
    if (old === undefined) {
      if (hasGeneration(object)) metadata.generation = 1;
    } else {
      if (hasGeneration(object) && !deepEqual(old["spec"], object["spec"]))
        metadata.generation = (metadata.generation ?? 0) + 1;
      if (isSame(old, object)) return old;
    }
    if (isDryRun) {
      if (old?.metadata.resourceVersion !== undefined)
        metadata.resourceVersion = old.metadata.resourceVersion;
      return object;
    }
    if (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0)
      this.remove(resource, object);
    else this.#save(resource, object, old);
    return object;
  }

  #save(resource: Resource, object: KubeObject, previous: KubeObject | undefined): void {
    const { namespace = "", name } = object.metadata;
    const version = ++this.#version;
    object.metadata.resourceVersion = String(version);
    this.#table(resource).set(keyOf(resource, namespace, name), object);
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    this.#emit({ type, resource, version, object, previous });
  }

  #emit(event: StoreEvent): void {
    this.#log.push(event);
    if (this.#log.length > LOG_LIMIT)
      this.#compacted = this.#log.splice(0, LOG_LIMIT / 5).at(-1)?.version ?? this.#compacted;
    for (const listener of this.#listeners) listener(event);
  }

  #orphanDependents(owner: KubeObject): void {
    for (const [resource, object] of this.#everything()) {
      const { namespace = "", name, ownerReferences = [] } = object.metadata;
      const others = ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid);
      if (others.length < ownerReferences.length)
        this.change(resource, namespace, name, ({ metadata }) => {
          metadata.ownerReferences = others;
        });
    }
  }

  #everything(): [Resource, KubeObject][] {
    return [...this.#tables].flatMap(([name, table]) => {
      const resource = this.#resources.named(name);
      return [...table.values()].map((object): [Resource, KubeObject] => [resource, object]);
    });
  }

  // The versions of a custom resource share their objects.
  #table(resource: Resource): Map<string, KubeObject> {
    const name = qualifiedName(resource);
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new Map<string, KubeObject>();
    this.#tables.set(name, table);
    return table;
  }
}

function select(
  table: ReadonlyMap<string, KubeObject>,
  resource: Resource,
  namespace: string,
  matches: (object: KubeObject) => boolean,
): KubeObject[] {
  return [...table]
    .filter(
      ([, object]) =>
        (namespace === "" || !resource.isNamespaced || object.metadata.namespace === namespace) &&
        matches(object),
    )
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, object]) => object);
}

// Worded with the kind where other conflicts have the plural: recorded from 1.34.
function checkPreconditions(
  resource: Resource,
  { metadata }: KubeObject,
  { uid = "", resourceVersion = "" }: DeleteOptions,
): void {
  const about = { group: resource.group, plural: resource.kind };
  const refuse = (field: string, wanted: string, found: string | undefined, change: string) => {
    const why = `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${found}). The object might have been ${change}`;
    return conflict(about, metadata.name, why);
  };
  if (uid !== "" && uid !== metadata.uid)
    throw refuse("UID", uid, metadata.uid, "deleted and then recreated");
  if (resourceVersion !== "" && resourceVersion !== metadata.resourceVersion)
    throw refuse("ResourceVersion", resourceVersion, metadata.resourceVersion, "modified");
}

function keyOf(resource: Resource, namespace: string, name: string): string {
  return resource.isNamespaced ? `${namespace}/${name}` : name;
}

function hasGeneration(object: KubeObject): boolean {
  return object["spec"] !== undefined && !WITHOUT_GENERATION.has(object.kind);
}

/** A write that changes nothing keeps its resourceVersion; times of managed fields do not count. */
function isSame(old: KubeObject, object: KubeObject): boolean {
  return deepEqual(comparable(old), comparable(object));
}

function comparable({ metadata, ...rest }: KubeObject): unknown {
  const { resourceVersion: _version, managedFields = [], ...meta } = metadata;
  return { ...rest, metadata: meta, managedFields: managedFields.map(withoutTime) };
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): unknown {
  return entry;
}
