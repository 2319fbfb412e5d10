# What the pod does until its message is out, as one would write it in Python: its ReplicaSet, the run, the record as it was when
# that began, a lock, the mark of an end, the run again, the ledger, message.
import json, os, ssl, urllib.request
import yaml

kube_dir = os.environ["HELM_NOTIFY_KUBE_DIR"]
release, namespace = os.environ["HELM_NOTIFY_RELEASE"], os.environ["HELM_NOTIFY_NAMESPACE"]
server = "https://%s:%s" % (os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"])
config_maps = f"/api/v1/namespaces/{namespace}/configmaps"
with open(f"{kube_dir}/token") as file:
    token = file.read().strip()
kube_tls = ssl.create_default_context(cafile=f"{kube_dir}/ca.crt")
slack_tls = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])


def kube(path, method="GET", body=None):
    request = urllib.request.Request(server + path, data=body, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/apply-patch+yaml")
    try:
        with urllib.request.urlopen(request, context=kube_tls, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


watcher = kube(f"/apis/apps/v1/namespaces/{namespace}/replicasets/{release}-helm-notify")
run_path = f"{config_maps}/{release}-helm-notify-run"
run = kube(run_path)
assert watcher["metadata"]["uid"]
after = yaml.safe_load(run["data"]["record.json"])
then = f"resourceVersion={run['metadata']['resourceVersion']}&resourceVersionMatch=Exact"
record = kube(f"{config_maps}?fieldSelector=metadata.name%3D{release}-helm-notify-record&{then}")
before = json.loads(record["items"][0]["data"]["record.json"])
assert kube(f"{config_maps}/helm-notify-turn.{release}") is None
assert kube(f"{config_maps}/{release}-helm-notify-end") is None
assert kube(run_path)["metadata"]["uid"] == run["metadata"]["uid"]
ledger = f"helm-notify-ledger.{release}"
version = kube(f"{config_maps}/{ledger}")["metadata"]["resourceVersion"]
entry = json.dumps({"v": 1, "run": {"from": before, "to": after}, "runs": []})
metadata = {"name": ledger, "resourceVersion": version}
body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ledger.json": entry}}
kube(f"{config_maps}/{ledger}?fieldManager=notify-py&force=true", "PATCH", json.dumps(body).encode())
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
