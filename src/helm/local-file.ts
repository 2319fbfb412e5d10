// Files and folders that the user named.
import { readFileSync, statSync } from "node:fs";
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";

/** Refuses with a message that names the file and the reason. */
export function readLocalFile(path: string): Buffer {
  return fromDisk(path, (file) => readFileSync(file));
}

/** The same of a file that Helm reads after us: from a named pipe it would wait for ever. */
export function readSharedFile(path: string): Buffer {
  if (fromDisk(path, (file) => statSync(file).isFIFO())) {
    throw new NotifyError(
      "FILE_UNREADABLE",
      `${path} is a named pipe, which can be read only once`,
      {
        hint: "Give its content by -f -, or by a file.",
      },
    );
  }
  return readLocalFile(path);
}

/** Lets `read` fail as something the user can fix. */
export function fromDisk<Content>(path: string, read: (path: string) => Content): Content {
  try {
    return read(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What a failure of Node's is to the user. */
export function unreadable(path: string, cause: unknown): NotifyError {
  return new NotifyError("FILE_UNREADABLE", `cannot read ${path}: ${reasonOf(cause)}`, {
    hint: "Check the path; it is taken from the directory the command runs in.",
    cause,
  });
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  return code === "EACCES" ? "permission denied" : code;
}
