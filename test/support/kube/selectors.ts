// Label and field selectors, as they stand in a query string.
import { textAt, type KubeObject } from "./json.ts";

export type Matches = (object: KubeObject) => boolean;
type Labels = Readonly<Record<string, string>>;

/** Both selectors of a request as one question. */
export function parseSelectors(query: URLSearchParams): Matches {
  const labelsMatch = parseLabelSelector(query.get("labelSelector") ?? "");
  const fieldsMatch = parseFieldSelector(query.get("fieldSelector") ?? "");
  return (object) => labelsMatch(object.metadata.labels ?? {}) && fieldsMatch(object);
}

/** The name a field selector asks for: it counts as the request's name when rights are checked. */
export function selectedName(query: URLSearchParams): string {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}

function parseLabelSelector(selector: string): (labels: Labels) => boolean {
  // Commas inside the brackets of a set belong to the set.
  const parts = selector.match(/[^,(]+(?:\([^)]*\))?/g) ?? [];
  const requirements = parts.map((part) => parseRequirement(part.trim()));
  return (labels) => requirements.every((isMet) => isMet(labels));
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? "\0") === (operator === "in");
  }
  const equality = /^([^!=\s]+)\s*(!=|==?)\s*(.*)$/.exec(text);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== "!=");
  }
  return text.startsWith("!") ? (labels) => !(text.slice(1) in labels) : (labels) => text in labels;
}

function parseFieldSelector(selector: string): Matches {
  const requirements = selector
    .split(",")
    .filter((part) => part !== "")
    .map((part): Matches => {
      const [, path = "", operator, value] = /^([^!=]+)(!=|==?)(.*)$/.exec(part) ?? [];
      return (object) => (textAt(object, ...path.split(".")) === value) === (operator !== "!=");
    });
  return (object) => requirements.every((isMet) => isMet(object));
}
