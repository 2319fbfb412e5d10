import { fileURLToPath } from "node:url";

/** `probe.ts` as the program of an image. */
export const PROBE = [process.execPath, fileURLToPath(new URL("probe.ts", import.meta.url))];
