// Builds what the suites need of Go, once, before they ask for it; npm test needs none of it.
import { buildKubeProgram } from "../test/cluster/kube-program.ts";
import { helmDiffPath, helmfilePath } from "./toolbox.ts";

buildKubeProgram(console.error);
helmfilePath();
helmDiffPath();
