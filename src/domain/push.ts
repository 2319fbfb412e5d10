// Images that a CI has pushed.
import { NotifyError } from "./errors.ts";
import { type ImageReference, parseImageReference } from "./image-reference.ts";
import type { Starter } from "./message.ts";
import type { Origin } from "./starter.ts";

export interface Push extends Origin {
  readonly images: readonly ImageReference[];
  readonly starter: Starter;
}

/** Reads `IMAGE:TAG`, `IMAGE:TAG@DIGEST` or `IMAGE@DIGEST`; refuses what a registry cannot have been given, and repetitions. */
export function parsePushedImages(words: readonly string[]): readonly ImageReference[] {
  const repeated = words.find((word, index) => words.indexOf(word) !== index);
  if (repeated !== undefined) {
    throw new NotifyError("BAD_IMAGE", `${repeated} is named twice`, {
      hint: "Name each image once.",
    });
  }
  return words.map((word) => {
    const image = parseImageReference(word);
    if (image !== undefined && (image.tag ?? image.digest) !== undefined) return image;
    const problem = image === undefined ? "is no image with a tag" : "has neither tag nor digest";
    throw new NotifyError("BAD_IMAGE", `"${word}" ${problem}`, {
      hint: "Write IMAGE:TAG or IMAGE:TAG@DIGEST; check the variables of the CI that it is made of.",
    });
  });
}
