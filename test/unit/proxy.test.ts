import { expect, it } from "vitest";
import { proxyFor } from "../../src/io/proxy.ts";

const PROXY = "http://proxy:3128";

it.each([
  ["https goes by HTTPS_PROXY", "https://api.test", { HTTPS_PROXY: PROXY }, PROXY],
  ["https does not go by HTTP_PROXY", "https://api.test", { HTTP_PROXY: PROXY }, undefined],
  ["http goes by HTTP_PROXY", "http://api.test", { HTTP_PROXY: PROXY }, PROXY],
  ["lower case counts", "https://api.test", { https_proxy: PROXY }, PROXY],
  ["upper case wins", "https://api.test", { HTTPS_PROXY: PROXY, https_proxy: "http://x" }, PROXY],
  ["an empty one is none", "https://api.test", { HTTPS_PROXY: "" }, undefined],
  ["a bare host is an http proxy", "https://api.test", { HTTPS_PROXY: "proxy:3128" }, PROXY],
  [
    "a SOCKS proxy is named as it is",
    "https://api.test",
    { HTTPS_PROXY: "socks5://p" },
    "socks5://p",
  ],
  ["none is set", "https://api.test", {}, undefined],
  ["localhost is never proxied", "https://localhost:6443", { HTTPS_PROXY: PROXY }, undefined],
  ["127.0.0.0/8 is never proxied", "https://127.1.2.3", { HTTPS_PROXY: PROXY }, undefined],
  ["::1 is never proxied", "https://[::1]:6443", { HTTPS_PROXY: PROXY }, undefined],
])("%s", (_, url, env, expected) => {
  expect(proxyFor(new URL(url), env)).toBe(expected);
});

it.each([
  ["*", "https://api.test", true],
  ["api.test", "https://api.test:6443", true],
  ["API.test", "https://api.TEST", true],
  ["other, api.test ,", "https://api.test", true],
  ["test", "https://api.test", true],
  ["i.test", "https://api.test", false],
  [".test", "https://api.test", true],
  [".api.test", "https://api.test", false],
  ["*.test", "https://api.test", true],
  ["api.test:6443", "https://api.test:6443", true],
  ["api.test:6443", "https://api.test", false],
  ["api.test:443", "https://api.test", true],
  ["10.0.0.1", "https://10.0.0.1:6443", true],
  ["10.0.0.1", "https://10.0.0.10", false],
  ["10.0.0.1:6443", "https://10.0.0.1:6443", true],
  ["10.0.0.0/8", "https://10.200.0.1", true],
  ["10.0.0.0/8", "https://11.0.0.1", false],
  ["10.0.0.0/8", "https://api.test", false],
  ["10.0.0.0/99", "https://10.0.0.1", false],
  ["fd00::/8", "https://[fd00::1]:6443", true],
  ["fd00::1", "https://[fd00::1]:6443", true],
  ["[fd00::1]:6443", "https://[fd00::1]:6443", true],
  ["[fd00::1]:6443", "https://[fd00::1]", false],
  ["", "https://api.test", false],
])("NO_PROXY=%s bypasses the proxy for %s: %s", (noProxy, url, isBypassed) => {
  const env = { HTTPS_PROXY: PROXY, NO_PROXY: noProxy };
  expect(proxyFor(new URL(url), env)).toBe(isBypassed ? undefined : PROXY);
});
