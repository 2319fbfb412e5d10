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

export const runCredentialPlugin: RunCredentialPlugin = (call) =>
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
