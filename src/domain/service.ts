// A service: a place in the values where an image tag stands.
import { isReferenceKey } from "./image-reference.ts";
import { type Path, type Values, valueAt } from "./values.ts";

export interface Service {
  readonly name: string;
  /** Where the tag stands, or a whole reference `name:tag`. */
  readonly tag: Path;
  readonly revision?: Path | undefined;
  readonly digest?: Path | undefined;
  /** Where the thread of its announcement stands. */
  readonly thread?: Path | undefined;
  /** Where the image's repository stands. */
  readonly image?: Path | undefined;
  /** Web address of the Git repository. */
  readonly source?: string | undefined;
  /** Whether the live tag is kept where a command does not name another one. */
  readonly carry: boolean;
  /** What an empty tag means. */
  readonly fallback?: "appVersion" | undefined;
  /** The mapping that says nothing of a place that was detected: no service, then. */
  readonly unlistedIn?: string | undefined;
}

/**
 * Where revision, digest, thread and repository of a tag stand if nothing else is said: beside it. All but the last may
 * appear there only once a user gives them, so the places are named whether something stands there or not.
 */
export function companionsOf(
  tag: Path,
  values: Values,
): Pick<Service, "revision" | "digest" | "thread" | "image"> {
  const beside = (key: string): Path => [...tag.slice(0, -1), key];
  const places = {
    revision: beside("revision"),
    digest: beside("digest"),
    thread: beside("thread"),
  };
  // A whole reference names its own repository.
  if (isReferenceKey(tag.at(-1) ?? "")) return places;
  const isNameBeside = typeof valueAt(values, beside("image")) === "string";
  return { ...places, image: beside(isNameBeside ? "image" : "repository") };
}
