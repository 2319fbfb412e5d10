// A helper that keeps passwords: `docker-credential-NAME get`, the registry on stdin, JSON on stdout.
// https://github.com/docker/docker-credential-helpers#development
import { execFile } from "node:child_process";
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { parseJson } from "../domain/json.ts";
import { Secret } from "../domain/secret.ts";

export interface HelperAnswer {
  readonly username: string;
  readonly secret: Secret;
}

type Environment = Readonly<Record<string, string | undefined>>;

// Those of clouds ask over the network.
const TIMEOUT_MS = 20_000;
const MAX_STDOUT_BYTES = 1024 * 1024;
// https://github.com/docker/docker-credential-helpers/blob/v0.9.3/credentials/error.go
const NOT_FOUND = "credentials not found in native keychain";

const answer = z.object({ Username: z.string(), Secret: z.string() });

/** `undefined` where the helper knows no password. What it prints on stderr may be a secret and is not passed on. */
export function askCredentialHelper(
  name: string,
  server: string,
  env: Environment,
  signal: AbortSignal,
): Promise<HelperAnswer | undefined> {
  const program = `docker-credential-${name}`;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      ["get"],
      {
        env: { ...env },
        signal,
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_STDOUT_BYTES,
        killSignal: "SIGKILL",
      },
      (error, stdout) => {
        if (stdout.trim() === NOT_FOUND) return resolve(undefined);
        if (error) return reject(failure(program, server, reasonOf(error)));
        const given = parseAnswer(stdout);
        return given ? resolve(given) : reject(failure(program, server, "no credentials in JSON"));
      },
    );
    // A helper that is not there, or ends without reading, is told by the callback.
    child.stdin?.on("error", () => {});
    child.stdin?.end(server);
  });
}

function parseAnswer(stdout: string): HelperAnswer | undefined {
  const { data } = answer.safeParse(parseJson(stdout));
  return data && { username: data.Username, secret: new Secret(data.Secret) };
}

function reasonOf(error: { readonly code?: unknown; readonly killed?: unknown }): string {
  if (error.killed === true || error.code === "ABORT_ERR") return "no answer in time";
  return typeof error.code === "number" ? `exit status ${error.code}` : String(error.code);
}

function failure(program: string, server: string, reason: string): NotifyError {
  return new NotifyError(
    "REGISTRY_CREDENTIALS",
    `${program} gave no credentials for ${server}: ${reason}`,
    { hint: "Log in again, or correct credHelpers and credsStore in Docker's config.json." },
  );
}
