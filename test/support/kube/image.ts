// What stands behind an image here: a local program, nothing at all, or a name that is never pulled.
import type { Cluster, Program } from "./cluster.ts";
import type { Container, PodSpec } from "./kinds.ts";

/** The last part of the repository, without tag and digest: `helm-notify-hook`. */
function baseName(image: string): string {
  return image.replace(/@.*$/, "").replace(/^.*\//, "").replace(/:.*$/, "");
}

export function programOf({ images }: Cluster, { image }: Container): Program | undefined {
  return images[baseName(image)];
}

/** Whether anything would run in the pod. */
export function hasProgram(cluster: Cluster, { containers }: PodSpec): boolean {
  return containers.some((container) => programOf(cluster, container) !== undefined);
}

/** The first image of the pod that is never pulled. */
export function missingImage({ notReady }: Cluster, spec: PodSpec): string | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return containers.find(({ image }) => notReady?.test(image))?.image;
}

/** How a container without a program ends: well, unless its command is `false` or its script says `exit N`. */
export function exitCodeOf({ command = [], args = [] }: Container): number {
  const [program = "", ...rest] = [...command, ...args];
  const name = program.replace(/^.*\//, "");
  const isShell = ["sh", "bash", "ash"].includes(name) && rest[0] === "-c";
  const script = isShell ? (rest[1] ?? "").trim() : name;
  if (script === "false") return 1;
  return Number(/^exit (\d+)$/.exec(script)?.[1] ?? 0);
}
