// Tests see no Helm, Kubernetes, proxy or Slack settings of the machine they run on.
for (const name of Object.keys(process.env)) {
  if (/^(HELM_|KUBE|SLACK_|(HTTPS?|NO|ALL)_PROXY$|NODE_OPTIONS$)/i.test(name))
    delete process.env[name];
}
process.env["NO_COLOR"] = "1";
