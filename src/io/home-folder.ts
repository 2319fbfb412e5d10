// Where a user has their files.
import { homedir } from "node:os";

/** `/` where nothing says it: no HOME, and no entry in passwd, as containers have it. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
