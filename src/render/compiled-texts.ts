// The texts as functions. In the executables the build puts their compiled form in this file's place
// (scripts/precompiled-texts.ts): compiling a handful takes a third of a hook run, and the compiler most of its bundle.
import Handlebars from "handlebars";
import { TEXTS, type TextName } from "./texts.ts";
import type { View } from "./wording.ts";

export type Template = (view: View) => string;

export function compileText(name: TextName): Template {
  return Handlebars.compile<View>(TEXTS[name], { noEscape: true });
}
