// What is in the image, for scanners. https://cyclonedx.org/docs/1.6/json/
import { bundledPackages, readManifest } from "../bundled-packages.ts";
import type { DebianPackage } from "./debian-files.ts";

interface Component {
  readonly type: "application" | "library";
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly { readonly expression: string }[];
}

// Interface versions, not programs.
const NOT_PROGRAMS = new Set(["modules", "napi"]);

/** The same image gives the same text: no serial number, no time. */
export async function billOfMaterials(
  root: string,
  entry: string,
  packages: readonly DebianPackage[],
): Promise<string> {
  const { name, version } = readManifest(root);
  const components = [
    ...(await bundledPackages([entry])).map(npmComponent),
    ...nodeComponents(),
    ...packages.map(debianComponent),
  ];
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: `${name}-hook`, version } },
    components,
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

function npmComponent(folder: string): Component {
  const { name, version, license } = readManifest(folder);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return { ...library(name, version, purl), ...(license && licensed(license)) };
}

function nodeComponents(): Component[] {
  return Object.entries(process.versions).flatMap(([name, version]) => {
    if (version === undefined || NOT_PROGRAMS.has(name)) return [];
    return [library(name, version, `pkg:generic/${name}@${version}`)];
  });
}

function debianComponent({ name, version, architecture }: DebianPackage): Component {
  const escaped = encodeURIComponent(version);
  return library(name, version, `pkg:deb/debian/${name}@${escaped}?arch=${architecture}`);
}

function library(name: string, version: string, purl: string): Component {
  return { type: "library", name, version, purl };
}

function licensed(expression: string): Pick<Component, "licenses"> {
  return { licenses: [{ expression }] };
}
