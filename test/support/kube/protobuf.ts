// Decodes the bodies that the typed clients of client-go send as protobuf: Helm's release storage, kubectl create. Answers
// are JSON, which these clients read as well.
import { ApiError, badRequest } from "./api-error.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

type Wire = number | Buffer;

/** Reads one occurrence of a field, given what the ones before it made; `undefined` leaves the field out. */
type ReadField = (wire: Wire, before: Json | undefined) => Json | undefined;

type Message = Readonly<Record<number, readonly [name: string, read: ReadField]>>;

// Go writes fields that are no pointers even when they are empty, and leaves them out of the JSON.
const text: ReadField = (wire) => toText(wire) || undefined;
const integer: ReadField = (wire) => Number(wire) || undefined;
// Pointers are written when they are set, be it to 0.
const integerPointer: ReadField = (wire) => Number(wire);
const flag: ReadField = (wire) => wire === 1;

const time: ReadField = (wire) => {
  const seconds = fieldsOf(wire).get(1);
  if (typeof seconds !== "number") return undefined;
  return new Date(seconds * 1000).toISOString().replace(".000", "");
};

const texts: ReadField = (wire, before) => [...listOf(before), toText(wire)];

const message =
  (fields: Message): ReadField =>
  (wire) =>
    readMessage(wire, fields);

const messages =
  (fields: Message): ReadField =>
  (wire, before) => [...listOf(before), readMessage(wire, fields)];

const map =
  (encoding: "utf8" | "base64"): ReadField =>
  (wire, before) => {
    const entry = fieldsOf(wire);
    const value = toBuffer(entry.get(2) ?? EMPTY).toString(encoding);
    return { ...(isObject(before) && before), [toText(entry.get(1) ?? EMPTY)]: value };
  };

const OWNER_REFERENCE: Message = {
  1: ["kind", text],
  3: ["name", text],
  4: ["uid", text],
  5: ["apiVersion", text],
  6: ["controller", flag],
  7: ["blockOwnerDeletion", flag],
};

const METADATA = message({
  1: ["name", text],
  2: ["generateName", text],
  3: ["namespace", text],
  5: ["uid", text],
  6: ["resourceVersion", text],
  7: ["generation", integer],
  8: ["creationTimestamp", time],
  11: ["labels", map("utf8")],
  12: ["annotations", map("utf8")],
  13: ["ownerReferences", messages(OWNER_REFERENCE)],
  14: ["finalizers", texts],
});

const RESOURCE_ATTRIBUTES = message({
  1: ["namespace", text],
  2: ["verb", text],
  3: ["group", text],
  4: ["version", text],
  5: ["resource", text],
  6: ["subresource", text],
  7: ["name", text],
});

const RULE: Message = {
  1: ["verbs", texts],
  2: ["apiGroups", texts],
  3: ["resources", texts],
  4: ["resourceNames", texts],
  5: ["nonResourceURLs", texts],
};

const SUBJECT: Message = {
  1: ["kind", text],
  2: ["apiGroup", text],
  3: ["name", text],
  4: ["namespace", text],
};

const ROLE: Message = { 1: ["metadata", METADATA], 2: ["rules", messages(RULE)] };

const ROLE_BINDING: Message = {
  1: ["metadata", METADATA],
  2: ["subjects", messages(SUBJECT)],
  3: ["roleRef", message({ 1: ["apiGroup", text], 2: ["kind", text], 3: ["name", text] })],
};

// Field numbers: the generated.proto files of k8s.io/api and k8s.io/apimachinery.
const KINDS: Readonly<Record<string, Message>> = {
  ClusterRole: ROLE,
  ClusterRoleBinding: ROLE_BINDING,
  ConfigMap: {
    1: ["metadata", METADATA],
    2: ["data", map("utf8")],
    3: ["binaryData", map("base64")],
    4: ["immutable", flag],
  },
  DeleteOptions: {
    1: ["gracePeriodSeconds", integerPointer],
    2: ["preconditions", message({ 1: ["uid", text], 2: ["resourceVersion", text] })],
    4: ["propagationPolicy", text],
    5: ["dryRun", texts],
  },
  Namespace: { 1: ["metadata", METADATA] },
  Role: ROLE,
  RoleBinding: ROLE_BINDING,
  Secret: {
    1: ["metadata", METADATA],
    2: ["data", map("base64")],
    3: ["type", text],
    4: ["stringData", map("utf8")],
    5: ["immutable", flag],
  },
  SelfSubjectAccessReview: {
    1: ["metadata", METADATA],
    2: ["spec", message({ 1: ["resourceAttributes", RESOURCE_ATTRIBUTES] })],
  },
  SelfSubjectReview: { 1: ["metadata", METADATA] },
  ServiceAccount: { 1: ["metadata", METADATA] },
  TokenRequest: {
    1: ["metadata", METADATA],
    2: ["spec", message({ 1: ["audiences", texts], 4: ["expirationSeconds", integerPointer] })],
  },
};

const MAGIC = Buffer.from("k8s\0");

/** An object, or the options of a request, as its JSON would have been. Refuses kinds it has no fields for. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw malformed();
  // https://github.com/kubernetes/apimachinery/blob/master/pkg/runtime/generated.proto - `Unknown`: the type, then the object.
  const envelope = fieldsOf(body.subarray(MAGIC.length));
  const type = fieldsOf(envelope.get(1) ?? EMPTY);
  const kind = toText(type.get(2) ?? EMPTY);
  const fields = KINDS[kind];
  if (fields === undefined) {
    const reason = `no protobuf for kind "${kind}" here: send JSON`;
    throw new ApiError(415, "UnsupportedMediaType", reason);
  }
  const apiVersion = toText(type.get(1) ?? EMPTY);
  return { apiVersion, kind, ...readMessage(envelope.get(2) ?? EMPTY, fields) };
}

const EMPTY = Buffer.alloc(0);

function readMessage(wire: Wire, fields: Message): JsonObject {
  const object: JsonObject = {};
  for (const [number, value] of readFields(toBuffer(wire))) {
    const field = fields[number];
    if (field === undefined) continue;
    const [name, read] = field;
    const result = read(value, object[name]);
    if (result !== undefined) object[name] = result;
  }
  return object;
}

function fieldsOf(wire: Wire): ReadonlyMap<number, Wire> {
  return new Map(readFields(toBuffer(wire)));
}

// https://protobuf.dev/programming-guides/encoding/ - Kubernetes has but varints and what carries its length.
function* readFields(bytes: Buffer): Generator<[number, Wire]> {
  let offset = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[offset++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = readVarint();
    const [number, wireType] = [tag >>> 3, tag & 7];
    if (wireType === 0) yield [number, readVarint()];
    else if (wireType === 2) {
      const length = readVarint();
      if (offset + length > bytes.length) throw malformed();
      yield [number, bytes.subarray(offset, (offset += length))];
    } else throw malformed();
  }
}

function malformed(): ApiError {
  return badRequest("the body of the request is not protobuf of Kubernetes");
}

function toBuffer(wire: Wire): Buffer {
  if (typeof wire === "number") throw malformed();
  return wire;
}

function toText(wire: Wire): string {
  return toBuffer(wire).toString();
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
