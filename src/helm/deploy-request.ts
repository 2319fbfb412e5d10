// argv of `helm upgrade`, `helm install` and `helm diff upgrade` → what is asked for.
import type { DeployRequest, HelmVerb, KeepValues, RunFlags, ToldVerb } from "../domain/request.ts";
import { flagValue, flagValues, isSwitchedOn, type ParsedArgv, splitCsv } from "./argv.ts";

/** Flags of `helm pull` that find the same chart. */
const CHART_VALUE_FLAGS = [
  "version",
  "repo",
  "username",
  "password",
  "ca-file",
  "cert-file",
  "key-file",
  "keyring",
  "registry-config",
  "repository-config",
  "repository-cache",
  "content-cache",
];
const CHART_SWITCHES = [
  "devel",
  "insecure-skip-tls-verify",
  "pass-credentials",
  "plain-http",
  "verify",
];

/** `undefined` where Helm will refuse the command or only print its help: then it is Helm's to speak. */
export function toDeployRequest(verb: HelmVerb, parsed: ParsedArgv): DeployRequest | undefined {
  if (isSwitchedOn(parsed, "help")) return undefined;
  if (verb === "diff upgrade" && isWithoutCluster(parsed)) return undefined;
  const [first, second, third] = parsed.positionals;
  if (first === undefined || third !== undefined) return undefined;
  const isNamed = second !== undefined;
  if (!isNamed && verb !== "install") return undefined;
  return {
    verb,
    release: isNamed ? first : undefined,
    chart: second ?? first,
    mayInstall: verb === "install" || isSwitchedOn(parsed, "install"),
    sources: {
      files: flagValues(parsed, "values").flatMap(splitCsv),
      set: flagValues(parsed, "set"),
      setString: flagValues(parsed, "set-string"),
      setJson: flagValues(parsed, "set-json"),
      setFile: flagValues(parsed, "set-file"),
      setLiteral: flagValues(parsed, "set-literal"),
    },
    keep: keepValues(parsed),
    chartFlags: chartFlags(parsed),
  };
}

/** `undefined` where Helm will refuse the command, or only print its help. */
export function toRollbackRequest(
  verb: ToldVerb,
  parsed: ParsedArgv,
): { readonly verb: ToldVerb; readonly release: string; readonly revision: number } | undefined {
  if (isSwitchedOn(parsed, "help")) return undefined;
  const [release, revision = "0", ...more] = parsed.positionals;
  const isOne = verb === "rollback" ? more.length === 0 : parsed.positionals.length === 1;
  if (release === undefined || !isOne || !/^\d+$/.test(revision)) return undefined;
  return { verb, release, revision: Number(revision) };
}

/** https://github.com/helm/helm/blob/v3.17.2/pkg/chartutil/validate_name.go */
export function isReleaseName(name: string): boolean {
  return (
    name.length <= 53 &&
    /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name)
  );
}

/** Whether Helm may refuse these flags before it does anything: it is to be asked. */
export function isDoubtful({ unknown, flags }: ParsedArgv): boolean {
  return (
    unknown.length > 0 || flags.some(({ name, value }) => TYPED[name]?.test(value ?? "") === false)
  );
}

const TYPED: Readonly<Record<string, RegExp>> = {
  // https://pkg.go.dev/time#ParseDuration
  timeout: /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/,
  output: /^(?:table|json|yaml)$/,
  "history-max": /^\d+$/,
};

/** The same flags mean the same on every verb that has them. */
export function runFlags(parsed: ParsedArgv): RunFlags {
  const isAtomic = isSwitchedOn(parsed, "atomic") || isSwitchedOn(parsed, "rollback-on-failure");
  // Helm 4 knows ways of waiting; `hookOnly` is none (its default, too).
  const wait = flagValue(parsed, "wait");
  const isWaited = isSwitchedOn(parsed, "wait") && wait !== "hookOnly";
  return {
    isDryRun: isSwitchedOn(parsed, "dry-run") && flagValue(parsed, "dry-run") !== "none",
    isWaited: isWaited || isAtomic,
    isAtomic,
    isWithoutHooks: isSwitchedOn(parsed, "no-hooks"),
  };
}

/** helm-diff's `--dry-run` and `--dry-run=client` promise not to touch the cluster, and show a first install. */
function isWithoutCluster(parsed: ParsedArgv): boolean {
  const dryRun = parsed.flags.findLast(({ name }) => name === "dry-run");
  return dryRun !== undefined && ["client", "true"].includes(dryRun.value ?? "client");
}

/** `--reset-values` wins over both others, `--reuse-values` over `--reset-then-reuse-values` (action.reuseValues). */
function keepValues(parsed: ParsedArgv): KeepValues {
  if (isSwitchedOn(parsed, "reset-values")) return "reset";
  if (isSwitchedOn(parsed, "reuse-values")) return "reuse";
  return isSwitchedOn(parsed, "reset-then-reuse-values") ? "reset-then-reuse" : "none";
}

function chartFlags(parsed: ParsedArgv): string[] {
  return parsed.flags.flatMap(({ name, value }) => {
    if (CHART_VALUE_FLAGS.includes(name) && value !== undefined) return [`--${name}=${value}`];
    return CHART_SWITCHES.includes(name) ? [`--${name}=${value ?? "true"}`] : [];
  });
}
