// The values of one command, as Helm puts them together: files from left to right, then the --set family in Helm's own
// order, whatever the order typed (pkg/cli/values: MergeValues).
import { withoutPasswords } from "../../domain/credentials-in-url.ts";
import { NotifyError } from "../../domain/errors.ts";
import { mergeValues } from "../../domain/merged-values.ts";
import type { ValueSources } from "../../domain/request.ts";
import { isMap, type Path, type Value, type Values, valueAt } from "../../domain/values.ts";
import type { RunHelmForOutput } from "../../flow/ports.ts";
import { readSharedFile, unreadable } from "../local-file.ts";
import { askHelmForValues } from "./helm-values.ts";
import { type MutableValues, toMutableValues } from "./mutable-values.ts";
import { applySetFlag, type ReadSetFile, type SetFlag } from "./set-flags.ts";
import { fetchValuesFile, isLocalPath, parseValuesFile } from "./values-file.ts";

export interface ValuesWorld {
  /** What stands in an open file, 0 for stdin: called once at most for each. */
  readonly readDescriptor: (descriptor: number) => Promise<Buffer>;
  readonly runHelm: RunHelmForOutput;
}

export interface UserValues {
  /** Nulls are kept. */
  readonly values: Values;
  /** The flag or file that says what stands at a path: `--set`, `prod.yaml`; `undefined` where none does. */
  readonly originOf: (path: Path) => string | undefined;
  /** Whether what a file before them says at a path is lost: a map of --set-json replaces one of a file. */
  readonly isReplaced: (path: Path) => boolean;
}

/** One file or flag. */
interface Layer {
  readonly origin: string;
  /** What it says alone. */
  readonly says: Values;
  readonly addTo: (values: Values) => Values;
}

const SET_FLAGS = [
  ["--set-json", "setJson"],
  ["--set", "set"],
  ["--set-string", "setString"],
  ["--set-file", "setFile"],
  ["--set-literal", "setLiteral"],
] as const satisfies readonly (readonly [SetFlag, keyof ValueSources])[];

/** Refuses, with the file and line or the flag and key, what Helm would refuse. */
export async function computeUserValues(
  sources: ValueSources,
  world: ValuesWorld,
): Promise<UserValues> {
  const reader = openFiles(world);
  const layers = await Promise.all([
    ...sources.files.map(async (path) => toFileLayer(path, await reader.readValues(path))),
    ...SET_FLAGS.flatMap(([flag, key]) =>
      sources[key].map((text) => readSetFlag(flag, text, reader, world.runHelm)),
    ),
  ]);
  return {
    values: layers.reduce<Values>((values, layer) => layer.addTo(values), {}),
    originOf: (path) => layers.findLast(({ says }) => decides(says, path))?.origin,
    isReplaced: (path) =>
      layers.some((layer) => layer.origin === "--set-json" && replaces(layer, path)),
  };
}

function toFileLayer(origin: string, says: Values): Layer {
  return { origin, says, addTo: (values) => mergeValues(values, says) };
}

async function readSetFlag(
  flag: SetFlag,
  text: string,
  reader: FileReader,
  runHelm: RunHelmForOutput,
): Promise<Layer> {
  if (flag === "--set-json" && /^\s*\{/.test(text)) return readJsonObject(text, runHelm);
  const files = new Map<string, string>();
  const says = saysAlone(flag, text, (path) => {
    files.set(path, "");
    return "";
  });
  for (const path of files.keys()) files.set(path, await reader.readText(path));
  const readFile = (path: string) => files.get(path) ?? "";
  return { origin: flag, says, addTo: (values) => withSetFlag(flag, text, values, readFile) };
}

/** `a.=1` is an error, but not where other sources fill `a` already: whether it is one shows when it is added to them. */
function saysAlone(flag: SetFlag, text: string, readFile: ReadSetFile): Values {
  try {
    return withSetFlag(flag, text, {}, readFile);
  } catch (error) {
    if (error instanceof NotifyError) return {};
    throw error;
  }
}

function withSetFlag(
  flag: SetFlag,
  text: string,
  values: Values,
  readFile: ReadSetFile,
): MutableValues {
  const written = toMutableValues(values);
  applySetFlag(flag, text, written, readFile);
  return written;
}

/** `--set-json '{"a":1}'` is an object to Helm 4, and a broken key to Helm 3. */
async function readJsonObject(text: string, runHelm: RunHelmForOutput): Promise<Layer> {
  const answer = await askHelmForValues([`--set-json=${text}`], runHelm);
  if (answer.kind === "values") return toFileLayer("--set-json", answer.values);
  throw new NotifyError("BAD_SET", "--set-json {…}: this helm does not take it", {
    hint: "Check that it is JSON; Helm 3 needs --set-json key=JSON.",
  });
}

interface FileReader {
  readonly readValues: (path: string) => Promise<Values>;
  readonly readText: (path: string) => Promise<string>;
}

function openFiles({ readDescriptor, runHelm }: ValuesWorld): FileReader {
  const read = new Set<number>();
  const readContent = async (path: string) => {
    const descriptor = descriptorOf(path);
    if (descriptor === undefined) return readSharedFile(path);
    // Whoever asks second finds it empty, as in Helm.
    if (read.has(descriptor)) return Buffer.alloc(0);
    read.add(descriptor);
    return readDescriptor(descriptor).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  };
  return {
    readValues: async (path) =>
      isLocalPath(path)
        ? parseValuesFile(path, await readContent(path), runHelm)
        : fetchValuesFile(path, runHelm),
    readText: async (path) =>
      isLocalPath(path) ? (await readContent(path)).toString() : fetchText(path, runHelm),
  };
}

/** `-`, `/dev/stdin`, and what a shell makes of `<(command)`: it can be read once only. */
function descriptorOf(path: string): number | undefined {
  if (path.trim() === "-" || path === "/dev/stdin") return 0;
  const number = /^(?:\/dev|\/proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** The file that `--set-file` names by a URL. */
async function fetchText(path: string, runHelm: RunHelmForOutput): Promise<string> {
  const escaped = path.replaceAll(/[\\,]/g, "\\$&");
  const answer = await askHelmForValues([`--set-file=text=${escaped}`], runHelm);
  const text = answer.kind === "values" ? answer.values["text"] : undefined;
  if (typeof text === "string") return text;
  const reason = answer.kind === "refused" ? answer.reason : "it is not text";
  throw new NotifyError("FILE_UNREADABLE", `helm cannot read ${withoutPasswords(path)}: ${reason}`);
}

function replaces(layer: Layer, path: Path): boolean {
  const below = path.reduceRight<Value>((inner, step) => ({ [step]: inner }), "kept");
  return isMap(below) && valueAt(layer.addTo(below), path) !== "kept";
}

/** Whether values hold what stands at `path`, or something above it that is not a map. */
function decides(values: Values, path: Path): boolean {
  let value: Value | undefined = values;
  for (const step of path) {
    if (isMap(value)) value = Object.hasOwn(value, step) ? value[step] : undefined;
    // --set a[1]=x fills the items before it with nulls, which say nothing.
    else if (Array.isArray(value))
      value = typeof step === "number" ? (value[step] ?? undefined) : null;
    else return value !== undefined;
  }
  return value !== undefined;
}
