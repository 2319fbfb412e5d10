// Before any test: what is not built here is built once, by one process.
import { helmDiffPath, helmfilePath } from "../../scripts/toolbox.ts";

export function setup(): void {
  helmfilePath();
  helmDiffPath();
}
