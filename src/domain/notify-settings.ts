// The settings of the snippets in a release's values, as far as the plugin needs them.
import { isMap, type Value, type Values } from "./values.ts";

export interface NotifySettings {
  /** Off: nothing is announced, whoever has credentials. */
  readonly isEnabled: boolean;
  readonly environment: string | undefined;
  readonly slack: {
    readonly secretRef: string | undefined;
    readonly channel: string | undefined;
    readonly username: string | undefined;
    readonly apiUrl: string | undefined;
  };
  /** The user's wording, by the text's name. */
  readonly messages: Readonly<Record<string, string>>;
  /**
   * Whether the values alone say what the chart will record: the services are spelt out at the root. In an umbrella chart, or
   * under an alias, only the rendered record tells.
   */
  readonly isPlain: boolean;
  /** Whether a chart of this release starts a pod that can tell its runs. */
  readonly hasPod: boolean;
}

const KEY = "helm-notify";
// An umbrella chart of umbrella charts is rare, a chart with its settings deeper than this unheard of.
const MAX_DEPTH = 4;

/** Reads the settings out of coalesced values: those at the root, else those of the first subchart that has some, and is not off. */
export function notifySettings(values: Values): NotifySettings {
  const atRoot = values[KEY];
  const candidates = isMap(atRoot) ? [atRoot] : settingsBelow(values, MAX_DEPTH);
  const found = candidates.find(({ enabled }) => enabled !== false) ?? candidates[0];
  const isEnabled = found?.["enabled"] !== false;
  const slack = mapAt(found, "slack");
  const rbac = mapAt(found, "rbac");
  const hasAccount = textAt(rbac, "serviceAccountName") !== undefined;
  return {
    isEnabled,
    environment: textAt(found, "environment"),
    slack: {
      secretRef: textAt(slack, "secretRef"),
      channel: textAt(slack, "channel"),
      username: textAt(slack, "username"),
      apiUrl: textAt(slack, "apiUrl"),
    },
    messages: Object.fromEntries(
      Object.entries(mapAt(found, "messages") ?? {}).filter(isTextEntry),
    ),
    isPlain: found === atRoot && Object.keys(mapAt(found, "services") ?? {}).length > 0,
    // The library chart's own defaults stand there where it is a dependency.
    hasPod: isEnabled && rbac !== undefined && (rbac["create"] !== false || hasAccount),
  };
}

function settingsBelow(values: Values, depth: number): readonly Values[] {
  return Object.values(values)
    .filter(isMap)
    .flatMap((value) => {
      const found = value[KEY];
      if (isMap(found) && isMap(found["services"])) return [found];
      return depth > 1 ? settingsBelow(value, depth - 1) : [];
    });
}

function mapAt(values: Values | undefined, key: string): Values | undefined {
  const value = values?.[key];
  return isMap(value) ? value : undefined;
}

function textAt(values: Values | undefined, key: string): string | undefined {
  const value = values?.[key];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function isTextEntry(entry: [string, Value]): entry is [string, string] {
  return typeof entry[1] === "string";
}
