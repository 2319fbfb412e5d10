import { join } from "node:path";

/** `probe.ts` as the program of an image. */
export const PROBE = [process.execPath, join(import.meta.dirname, "probe.ts")];
