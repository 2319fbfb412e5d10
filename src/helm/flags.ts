// Which of Helm's flags take the next word. Tried on 3.17.2 and 4.2.3, flag by flag.
import type { HelmVerb, ToldVerb } from "../domain/request.ts";

/** How a flag takes its value: `none` = a switch, `optional` = only by `=`, `required` = by `=` or as the next word. */
type Arity = "none" | "optional" | "required";
export type FlagTable = ReadonlyMap<string, Arity>;

const words = (text: string) => text.trim().split(/\s+/);

const GLOBAL_SWITCHES = words("debug kube-insecure-skip-tls-verify help");
const GLOBAL_VALUES = words(`burst-limit color colour content-cache kube-apiserver kube-as-group
  kube-as-user kube-ca-file kube-context kube-tls-server-name kube-token kubeconfig namespace qps registry-config
  repository-cache repository-config v vmodule log-dir log-file log-file-max-size log-backtrace-at stderrthreshold
  alsologtostderrthreshold`);

const DEPLOY_SWITCHES =
  words(`atomic create-namespace dependency-update devel disable-openapi-validation
  enable-dns force force-conflicts force-replace hide-notes hide-secret insecure-skip-tls-verify no-hooks
  pass-credentials plain-http render-subchart-notes rollback-on-failure skip-crds skip-schema-validation
  take-ownership verify wait-for-jobs`);
const DEPLOY_VALUES = words(`ca-file cert-file description key-file keyring labels output password
  post-renderer post-renderer-args repo set set-file set-json set-literal set-string timeout username values version`);
/** `--wait` is a switch on Helm 3; the switch of `optional` arity reads both. */
const DEPLOY_OPTIONAL = words("dry-run wait");

const UPGRADE = {
  switches: words(
    "cleanup-on-fail install recreate-pods reset-then-reuse-values reset-values reuse-values",
  ),
  values: words("history-max server-side"),
};

/** `--server-side` takes a value on upgrade, and is a switch on install. */
const VERBS: Record<HelmVerb, { switches: string[]; values: string[] }> = {
  upgrade: UPGRADE,
  install: {
    switches: words("generate-name replace server-side"),
    values: words("name-template"),
  },
  // helm-diff 3.9.14 (cmd/upgrade.go, cmd/options.go); with HELM_DIFF_IGNORE_UNKNOWN_FLAGS also all of an upgrade.
  "diff upgrade": {
    switches: [
      ...UPGRADE.switches,
      ...words(`allow-unreleased color detailed-exitcode disable-validation include-tests no-color
        normalize-manifests show-secrets strip-trailing-cr suppress-secrets three-way-merge`),
    ],
    values: [
      ...UPGRADE.values,
      ...words(
        "api-versions context find-renames kube-version suppress suppress-output-line-regex",
      ),
    ],
  },
};

const SHORTHANDS: Record<string, string> = {
  C: "context",
  D: "find-renames",
  a: "api-versions",
  f: "values",
  g: "generate-name",
  h: "help",
  i: "install",
  l: "labels",
  n: "namespace",
  o: "output",
  q: "suppress-secrets",
};

export const longName = (shorthand: string): string => SHORTHANDS[shorthand] ?? shorthand;

export const GLOBAL_FLAGS: FlagTable = table(GLOBAL_SWITCHES, [], GLOBAL_VALUES);

const TOLD_VERBS: Record<ToldVerb, { switches: string[]; values: string[] }> = {
  rollback: {
    switches: words(
      "cleanup-on-fail force force-conflicts force-replace no-hooks recreate-pods wait-for-jobs",
    ),
    values: words("history-max server-side timeout"),
  },
  uninstall: {
    switches: words("ignore-not-found keep-history no-hooks"),
    values: words("cascade description timeout"),
  },
};

export function toldFlags(verb: ToldVerb): FlagTable {
  const { switches, values } = TOLD_VERBS[verb];
  return new Map([...GLOBAL_FLAGS, ...table(switches, DEPLOY_OPTIONAL, values)]);
}

export function verbFlags(verb: HelmVerb): FlagTable {
  const { switches, values } = VERBS[verb];
  return new Map([
    ...GLOBAL_FLAGS,
    ...table([...DEPLOY_SWITCHES, ...switches], DEPLOY_OPTIONAL, [...DEPLOY_VALUES, ...values]),
  ]);
}

function table(switches: string[], optional: string[], values: string[]): FlagTable {
  return new Map<string, Arity>([
    ...switches.map((name) => [name, "none"] as const),
    ...optional.map((name) => [name, "optional"] as const),
    ...values.map((name) => [name, "required"] as const),
  ]);
}

/**
 * Reads flags from `helm VERB --help`, for a Helm whose flags are newer than the tables here.
 * pflag prints `--name type  text`, `--name type[="x"]  text`, or `--name  text` for a switch.
 */
export function parseHelp(help: string): FlagTable {
  const flags = new Map<string, Arity>();
  for (const line of help.split("\n")) {
    const match = /^\s+(?:-\w, )?--([\w-]+)( \S+)?\s{2,}/.exec(line);
    if (match?.[1] === undefined) continue;
    flags.set(match[1], arityOf(match[2]));
  }
  return flags;
}

function arityOf(type: string | undefined): Arity {
  if (type === undefined) return "none";
  return type.includes("[=") ? "optional" : "required";
}
