// Which helm to run: never ourselves.
import { NotifyError } from "../domain/errors.ts";

export interface BinaryWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Our own executable, symlinks resolved. */
  readonly self: string;
  /** The real path of an executable file, or `undefined`. A relative one is taken from the working directory. */
  readonly resolveExecutable: (path: string) => string | undefined;
}

/** `HELM_NOTIFY_HELM`, else `HELM_BIN`, else `helm` on the PATH. The spelling is kept: plugins see it as HELM_BIN. */
export function findHelm(world: BinaryWorld): string {
  const chosen = world.env["HELM_NOTIFY_HELM"];
  const names = chosen ? [chosen] : [world.env["HELM_BIN"], "helm"];
  const found = names.flatMap((name) => (name ? candidates(name, world) : []));
  const real = found.find((path) => world.resolveExecutable(path) !== world.self);
  if (real !== undefined) return real;

  const hint = "Set HELM_NOTIFY_HELM to the path of the real helm.";
  const setting = chosen ? `HELM_NOTIFY_HELM is "${chosen}", which` : undefined;
  if (found.length > 0) {
    throw new NotifyError(
      "HELM_IS_OURSELVES",
      `${setting ?? "the only helm found"} is helm-notify itself`,
      { hint },
    );
  }
  throw new NotifyError(
    "HELM_NOT_FOUND",
    setting ? `${setting} is not an executable file` : "no helm found on the PATH",
    { hint },
  );
}

function candidates(name: string, world: BinaryWorld): string[] {
  const paths = name.includes("/")
    ? [name]
    : (world.env["PATH"] ?? "").split(":").map((folder) => `${folder || "."}/${name}`);
  return paths.filter((path) => world.resolveExecutable(path) !== undefined);
}
