// Runs a credential plugin (aws, gke-gcloud-auth-plugin, kubelogin, …) for its stdout; what it tells the user goes through.
import { spawn } from "node:child_process";
import { errorCode } from "../io/network-error.ts";

export interface CredentialPluginCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isInteractive: boolean;
  readonly timeoutMs: number;
}

export type CredentialPluginEnd =
  | { readonly kind: "exited"; readonly code: number; readonly stdout: string }
  | { readonly kind: "not-started"; readonly code: string }
  | { readonly kind: "killed"; readonly reason: string };

export type RunCredentialPlugin = (call: CredentialPluginCall) => Promise<CredentialPluginEnd>;

// A token or a certificate pair is some kilobytes.
const MAX_STDOUT_BYTES = 1024 * 1024;

const run: RunCredentialPlugin = (call) =>
  new Promise((resolve) => {
    const child = spawn(call.command, call.args, {
      env: call.env,
      shell: false,
      stdio: [call.isInteractive ? "inherit" : "ignore", "pipe", "inherit"],
    });
    let killReason: string | undefined;
    const kill = (reason: string): void => {
      killReason ??= reason;
      child.kill("SIGKILL");
      // A grandchild may hold the pipe open.
      child.stdout.destroy();
    };
    const timer = setTimeout(
      () => kill(`gave no answer within ${call.timeoutMs / 1000}s`),
      call.timeoutMs,
    );
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_STDOUT_BYTES) kill(`printed more than ${MAX_STDOUT_BYTES} bytes`);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ kind: "not-started", code: errorCode(error) });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (killReason !== undefined) resolve({ kind: "killed", reason: killReason });
      else if (code === null) resolve({ kind: "killed", reason: `was ended by ${signal}` });
      else resolve({ kind: "exited", code, stdout: Buffer.concat(chunks).toString() });
    });
  });

// Of credentials that do not say how long they hold.
const DEFAULT_LIFE_MS = 5 * 60_000;
// What is sent with them is to arrive in time.
const MARGIN_MS = 30_000;

/** Asks a plugin again only for credentials that have run out, as client-go does: it may take seconds, or ask a person. */
export function remembering(
  ask: RunCredentialPlugin,
  now: () => number = Date.now,
): RunCredentialPlugin {
  const given = new Map<string, { readonly end: CredentialPluginEnd; readonly until: number }>();
  return async (call) => {
    const key = JSON.stringify(call);
    const known = given.get(key);
    if (known !== undefined && now() < known.until) return known.end;
    const end = await ask(call);
    if (end.kind === "exited" && end.code === 0) {
      given.set(key, { end, until: lastUse(end.stdout) ?? now() + DEFAULT_LIFE_MS });
    }
    return end;
  };
}

function lastUse(stdout: string): number | undefined {
  const [, text = ""] = /"expirationTimestamp"\s*:\s*"([^"]+)"/.exec(stdout) ?? [];
  const expires = Date.parse(text);
  return Number.isNaN(expires) ? undefined : expires - MARGIN_MS;
}

/** The same process asks each plugin once. */
export const runCredentialPlugin = remembering(run);
