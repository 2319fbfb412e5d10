// Settings of ours on Helm's verbs: flag > environment > default.
import { NotifyError } from "../domain/errors.ts";

export interface Settings {
  /** `helm-notify.yaml` with the services of charts that do not name them. */
  readonly configPath: string | undefined;
  /** Where this deploys to, for charts whose values do not say it. */
  readonly environment: string | undefined;
  /** Longest wait for the Kubernetes API. */
  readonly timeoutMs: number;
  /** Whether a deploy that fails `helm test` is a failed one. */
  readonly isTested: boolean;
  /** Whether a release that a dead process left pending is recovered first. */
  readonly isRecovering: boolean;
  /** Longest wait for other runs on the release; where nothing is said, it is the command's to choose. */
  readonly turnWaitMs: number | undefined;
  /** Why a lock is to be passed. */
  readonly overrideReason: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 15_000;
export const OWN_FLAGS = [
  "notify-config",
  "notify-environment",
  "notify-override-lock",
  "notify-recover",
  "notify-test",
  "notify-timeout",
  "notify-wait-turn",
];

export function resolveSettings(
  own: readonly { readonly name: string; readonly value: string }[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const unknown = own.find(({ name }) => !OWN_FLAGS.includes(name));
  if (unknown) {
    throw new NotifyError("BAD_FLAG", `unknown flag --${unknown.name}`, {
      hint: `Use one of ${OWN_FLAGS.map((name) => `--${name}`).join(", ")}.`,
    });
  }
  const chosen = (name: string) => {
    const variable = `HELM_${name.toUpperCase().replaceAll("-", "_")}`;
    const flag = own.findLast((option) => option.name === name);
    if (flag?.value === "") {
      throw new NotifyError("BAD_FLAG", `--${name} needs a value`, {
        hint: `Write --${name}=VALUE, or leave it out.`,
      });
    }
    if (flag) return { text: flag.value, place: `--${name}` };
    return { text: env[variable] || undefined, place: variable };
  };
  const timeout = chosen("notify-timeout");
  const test = chosen("notify-test");
  const wait = chosen("notify-wait-turn");
  const recover = chosen("notify-recover");
  return {
    configPath: chosen("notify-config").text,
    environment: chosen("notify-environment").text,
    timeoutMs:
      timeout.text === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(timeout.text, timeout.place),
    turnWaitMs: wait.text === undefined ? undefined : parseWait(wait.text, wait.place),
    overrideReason: chosen("notify-override-lock").text,
    isTested: test.text !== undefined && parseSwitch(test.text, test.place),
    isRecovering: recover.text !== undefined && parseSwitch(recover.text, recover.place),
  };
}

function parseSwitch(text: string, place: string): boolean {
  if (/^(?:true|1)$/i.test(text)) return true;
  if (/^(?:false|0)$/i.test(text)) return false;
  throw new NotifyError("BAD_FLAG", `${place} is "${text}"`, { hint: "Use true or false." });
}

/** A duration, or none at all. */
function parseWait(text: string, place: string): number {
  return /^0(?:ms|s|m|h)?$/.test(text) ? 0 : parseDuration(text, place);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's spelling of durations, as in Helm's `--timeout`: `90s`, `1m30s`, `500ms`. */
export function parseDuration(text: string, place: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gy)];
  const isWhole = parts.map(([part]) => part).join("") === text;
  const total = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
  if (!isWhole || total <= 0) {
    throw new NotifyError("BAD_DURATION", `${place} is "${text}", which is no duration`, {
      hint: "Write it like Helm's --timeout, for example 15s or 1m30s.",
    });
  }
  return total;
}
