import { describe, expect, it } from "vitest";
import { config, resolve } from "../support/memory-world.ts";

describe("an unusable kubeconfig is refused with file and place", () => {
  it.each<[string, string | object, string]>([
    [
      "broken YAML",
      "users:\n- name: [\ntoken: secret",
      "kubeconfig /k/config is not valid: line 3",
    ],
    ["an alias without anchor", "users: *gone", "an alias has no anchor"],
    ["a stray text", 'users: []\n"secret" "secret"', "line 2"],
    ["a text", "hello", "kubeconfig /k/config is not valid: the whole must be of type object"],
    ["a wrong type", config({ token: 123 }), "users[0].user.token must be of type string"],
    [
      "several wrong types at once",
      config({ token: 1, username: 2 }),
      "users[0].user.token must be of type string; users[0].user.username must be of type string",
    ],
    [
      "an unknown context",
      { ...config({}), "current-context": "gone" },
      'context "gone" is in no kubeconfig',
    ],
    [
      "an unknown user",
      { ...config({}), users: [] },
      'user "u" of a context in /k/config is in no kubeconfig',
    ],
    [
      "an unknown cluster",
      { ...config({}), clusters: [] },
      'cluster "c" of a context in /k/config is in no kubeconfig',
    ],
    [
      "a name given twice",
      { ...config({}), users: [{ name: "u" }, { name: "u" }] },
      'kubeconfig /k/config names user "u" twice',
    ],
    [
      "an authority that is no base64",
      config({}, { "certificate-authority-data": "%" }),
      'certificate-authority-data of cluster "c" of kubeconfig /k/config is not base64',
    ],
    [
      "an authority whose file is missing",
      config({}, { "certificate-authority": "ca.crt" }),
      'certificate-authority of cluster "c" of kubeconfig /k/config: cannot read /k/ca.crt (ENOENT)',
    ],
    [
      "two authorities",
      config({}, { "certificate-authority": "x", "certificate-authority-data": "eA==" }),
      "has both certificate-authority and certificate-authority-data",
    ],
    [
      "an authority nobody checks",
      config({}, { "insecure-skip-tls-verify": true, "certificate-authority-data": "eA==" }),
      "has both a certificate authority and insecure-skip-tls-verify",
    ],
    [
      "a server that is no URL",
      config({}, { server: "https//api" }),
      'server "https//api" is neither a URL nor host:port',
    ],
    [
      "a server of another scheme",
      config({}, { server: "ftp://api" }),
      'server "ftp://api" is neither a URL nor host:port',
    ],
    [
      "a proxy of an unknown kind",
      config({}, { "proxy-url": "ftp://x:secret@y" }),
      "proxy-url is not a URL of a http, https or socks5 proxy",
    ],
    [
      "a key that is no base64",
      config({ "client-certificate-data": "eA==", "client-key-data": "secret" }),
      'client-key-data of user "u" of kubeconfig /k/config is not base64',
    ],
    [
      "a certificate without a key",
      config({ "client-certificate-data": "eA==" }),
      "has a client certificate without client-key",
    ],
    [
      "two certificates",
      config({ "client-certificate-data": "eA==", "client-certificate": "x", "client-key": "y" }),
      "has both client-certificate and client-certificate-data",
    ],
    [
      "two keys",
      config({ "client-certificate-data": "eA==", "client-key-data": "eA==", "client-key": "y" }),
      "has both client-key and client-key-data",
    ],
    [
      "a token beside a password",
      config({ token: "secret", username: "x" }),
      "has both a token and username/password",
    ],
    [
      "a token file that is missing",
      config({ tokenFile: "gone" }),
      'tokenFile of user "u" of kubeconfig /k/config: cannot read /k/gone (ENOENT)',
    ],
    [
      "groups without a user to impersonate",
      config({ "as-groups": ["x"] }),
      "impersonates groups, uid or extra without a user",
    ],
    [
      "two plugins",
      config({ exec: {}, "auth-provider": { name: "oidc" } }),
      "has both exec and auth-provider",
    ],
    [
      "a plugin without a command",
      config({ exec: { apiVersion: "client.authentication.k8s.io/v1" } }),
      "exec has no command",
    ],
    [
      "a plugin of another version",
      config({ exec: { command: "x", apiVersion: "client.authentication.k8s.io/v1alpha1" } }),
      'exec.apiVersion "client.authentication.k8s.io/v1alpha1" is not one of',
    ],
    [
      "a plugin that must ask, without a terminal",
      config({
        exec: {
          command: "x",
          apiVersion: "client.authentication.k8s.io/v1",
          interactiveMode: "Always",
        },
      }),
      "there is no terminal",
    ],
    [
      "a plugin of v1 without interactiveMode",
      config({ exec: { command: "x", apiVersion: "client.authentication.k8s.io/v1" } }),
      "exec.interactiveMode is missing",
    ],
    ["a file that may not be read", "EACCES", "cannot read kubeconfig /k/config (EACCES)"],
  ])("%s", async (_, content, message) => {
    const error: unknown = await resolve({ files: { "/k/config": content } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: expect.stringMatching(/^KUBECONFIG_/),
      hint: expect.any(String),
    });
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(String(error)).not.toContain("secret");
  });

  it("that --kubeconfig names and that is missing", async () => {
    await expect(resolve({}, { kubeconfig: "/k/gone" })).rejects.toMatchObject({
      code: "KUBECONFIG_MISSING",
      message: "kubeconfig /k/gone does not exist",
    });
  });

  it("whose context is unknown: the hint lists the others", async () => {
    const files = { "/k/config": config({}) };
    await expect(resolve({ files }, { kubeContext: "gone" })).rejects.toMatchObject({
      hint: "Choose one of: main.",
    });
  });
});
