# The hook's work as one would write it in Python: record, live record, ledger, message.
import json, os, ssl, urllib.request
import yaml

kube_dir, run_dir = os.environ["HELM_NOTIFY_KUBE_DIR"], os.environ["HELM_NOTIFY_RUN_DIR"]
release, namespace = os.environ["HELM_NOTIFY_RELEASE"], os.environ["HELM_NOTIFY_NAMESPACE"]
server = "https://%s:%s" % (os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"])
config_maps = f"{server}/api/v1/namespaces/{namespace}/configmaps/"
with open(f"{kube_dir}/token") as file:
    token = file.read().strip()
kube_tls = ssl.create_default_context(cafile=f"{kube_dir}/ca.crt")
slack_tls = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])


def kube(name, method="GET", body=None):
    request = urllib.request.Request(config_maps + name, data=body, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/apply-patch+yaml")
        request.full_url += "?fieldManager=notify-py&force=true"
    with urllib.request.urlopen(request, context=kube_tls, timeout=20) as answer:
        return json.load(answer)


with open(f"{run_dir}/record.json") as file:
    after = yaml.safe_load(file)
before = json.loads(kube(f"{release}-helm-notify-record")["data"]["record.json"])
ledger = f"helm-notify-ledger.{release}"
kube(ledger)
entry = json.dumps({"v": 1, "run": {"from": before, "to": after}, "runs": []})
body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ledger}, "data": {"py.json": entry}}
kube(ledger, "PATCH", json.dumps(body).encode())
changes = [
    f"{name}: {before['services'].get(name, {}).get('tag')} → {service['tag']}"
    for name, service in after["services"].items()
    if before["services"].get(name, {}).get("tag") != service["tag"]
]
text = f"Deploying {release} to {after['environment']}: {', '.join(changes)}"
blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
request = urllib.request.Request(
    os.environ["SLACK_WEBHOOK_URL"],
    data=json.dumps({"text": text, "blocks": blocks}).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, context=slack_tls, timeout=20) as answer:
    assert answer.read() == b"ok"
