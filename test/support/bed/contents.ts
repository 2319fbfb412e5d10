// What stands in a deployer's namespace, to see that a command wrote nothing.
import { type Deployer, succeed } from "../bed.ts";

/** What Helm and charts write. Not pods and replica sets, which controllers write, or take away when they are done. */
const KINDS = [
  "secrets",
  "configmaps",
  "serviceaccounts",
  "roles",
  "rolebindings",
  "services",
  "deployments",
  "jobs",
];

interface Item {
  readonly metadata: object;
}

/** Every object but for what a controller still changes in it: its status, and with that its version. */
export async function readContents(deployer: Deployer): Promise<object> {
  const { stdout } = await succeed(deployer.kubectl(["get", KINDS.join(), "-o", "json"]));
  const { items }: { items: readonly Item[] } = JSON.parse(stdout);
  return items.map((item) => ({
    ...item,
    status: undefined,
    metadata: { ...item.metadata, resourceVersion: undefined },
  }));
}
