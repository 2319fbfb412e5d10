// Which proxy a URL goes through, by the rules of Go's net/http: helm in the same shell must take the same way.
// Node's own reading of NO_PROXY knows neither CIDR blocks nor that `example.com` covers its sub-domains.
// https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
import { BlockList, isIP } from "node:net";

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

export function proxyFor(target: URL, env: ProxyEnvironment): string | undefined {
  const read = (name: string) => env[name] || env[name.toLowerCase()] || "";
  const proxy = read(target.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === "" || isBypassed(target, read("NO_PROXY"))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isBypassed(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || isInBlock(host, "127.0.0.0/8") || host === "::1") return true;
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  return noProxy
    .split(",")
    .map((rule) => rule.trim().toLowerCase())
    .some((rule) => rule !== "" && matches(rule, host, port));
}

function matches(rule: string, host: string, port: string): boolean {
  if (rule === "*") return true;
  if (rule.includes("/")) return isInBlock(host, rule);
  const [, bracketed, plain, rulePort] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(rule) ?? [];
  if (rulePort !== undefined && rulePort !== port) return false;
  const name = (bracketed ?? plain ?? rule).replace(/^\*/, "");
  if (name.startsWith(".")) return host.endsWith(name);
  return host === name || (isIP(name) === 0 && host.endsWith(`.${name}`));
}

function isInBlock(host: string, block: string): boolean {
  const [network = "", bits] = block.split("/");
  const family = isIP(network);
  const prefix = Number(bits);
  if (family === 0 || family !== isIP(host) || !(prefix <= (family === 4 ? 32 : 128))) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}
