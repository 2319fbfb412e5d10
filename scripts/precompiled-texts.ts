// For esbuild: src/render/compiled-texts.ts with the texts compiled already, so that only Handlebars' runtime is bundled.
import type { Plugin } from "esbuild";
import Handlebars from "handlebars";
import { TEXTS } from "../src/render/texts.ts";

export const precompiledTexts: Plugin = {
  name: "precompiled-texts",
  setup(build) {
    build.onLoad({ filter: /\/src\/render\/compiled-texts\.ts$/ }, () => ({
      contents: toModule(),
    }));
  },
};

function toModule(): string {
  const texts = Object.entries(TEXTS).map(([name, text]) => {
    // The source of an object, whatever its type says.
    const source: unknown = Handlebars.precompile(text, { noEscape: true });
    if (typeof source !== "string") throw new Error(`text ${name} does not compile to a source`);
    return `${JSON.stringify(name)}: ${source},`;
  });
  return `import Handlebars from "handlebars/runtime";
const texts = {
${texts.join("\n")}
};
export const compileText = (name) => Handlebars.template(texts[name]);
`;
}
