// Fills the texts.
import { compileText, type Template } from "./compiled-texts.ts";
import type { TextName } from "./texts.ts";

export type View = Readonly<Record<string, string | number | boolean | undefined>>;

const compiled = new Map<TextName, Template>();

export function say(name: TextName, view: View): string {
  const template = compiled.get(name) ?? compileText(name);
  compiled.set(name, template);
  return template(view);
}
