// What a connection is found with: everything of the machine that reading a kubeconfig needs.
import type { RunCredentialPlugin } from "./credential-plugin.ts";

export interface KubeWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** Whether a credential plugin may ask the person at the terminal. */
  readonly isInteractive: boolean;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly runCredentialPlugin: RunCredentialPlugin;
}
