// Our reader of registries as somebody has it who has just come: with a home, and the doubles that a test needs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { createHttp } from "../../../src/io/http.ts";
import { openRegistry, type Registry } from "../../../src/registry/registry.ts";
import { type AnswerRequest, type RecordingServer, startServer } from "../tls-server.ts";

interface Client extends Registry {
  readonly warnings: readonly string[];
}

export interface ClientOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** PEM. */
  readonly ca?: string;
}

interface RegistryClients {
  /** Empty when a test begins. */
  readonly home: () => string;
  readonly client: (options?: ClientOptions) => Client;
  /** A registry that answers so, except to who asks whether it is one. */
  readonly double: (
    answer: AnswerRequest,
    options?: { readonly plain: boolean },
  ) => Promise<RecordingServer & { readonly host: string }>;
}

/** Everything is closed when its test ends. */
export function useRegistryClients(): RegistryClients {
  let home: string;
  const cleanups: (() => unknown)[] = [];
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "registry-home-"));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    home: () => home,
    client: ({ env, ...tls } = {}) => {
      const http = createHttp({ tls });
      cleanups.push(() => http.close());
      const warnings: string[] = [];
      const registry = openRegistry({
        send: http.send,
        env: { PATH: process.env["PATH"], ...env },
        homeDir: home,
        warn: (line) => warnings.push(line),
      });
      return { ...registry, warnings };
    },
    double: async (answer, options = { plain: true }) => {
      const server = await startServer(
        (seen) => (seen.url === "/v2/" ? {} : answer(seen)),
        options,
      );
      cleanups.push(server.stop);
      return { ...server, host: `127.0.0.1:${server.port}` };
    },
  };
}
