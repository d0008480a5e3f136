"""proxmoxer against the lab's double: the calls that a provisioning run makes."""

import io
import os
import time

from proxmoxer import AuthenticationError, ProxmoxAPI, ResourceException


def connect(**login):
    return ProxmoxAPI("127.0.0.1", port=int(os.environ["LAB_PORT"]), verify_ssl=os.environ["LAB_CA"], timeout=20, **login)


def wait(api, upid):
    for _ in range(200):
        state = api.nodes("pve").tasks(upid).status.get()
        if state["status"] == "stopped":
            return state["exitstatus"]
        time.sleep(0.05)
    raise SystemExit("task never ended")


def refused(call, status, text):
    try:
        call()
    except ResourceException as error:
        assert error.status_code == status, error
        assert text in str(error), error
    else:
        raise SystemExit(f"was not refused: {text}")


try:
    connect(user="root@pam", password="wrong")
except AuthenticationError as error:
    assert "401" in str(error)
else:
    raise SystemExit("a wrong password was accepted")

api = connect(user="root@pam", password="right")
assert api.version.get()["release"] == "9.1"
assert [node["node"] for node in api.nodes.get()] == ["pve"]
assert api.cluster.nextid.get() == "100"

# An image comes in by upload, small and (over the threshold) streamed.
image = io.BytesIO(b"an image" * 1000)
image.name = "small.iso"
assert wait(api, api.nodes("pve").storage("local").upload.post(content="iso", filename=image)) == "OK"
large = os.path.join(os.environ["LAB_FOLDER"], "large.iso")
with open(large, "wb") as file:
    file.truncate(12 << 20)
with open(large, "rb") as file:
    assert wait(api, api.nodes("pve").storage("local").upload.post(content="iso", filename=file)) == "OK"
content = {entry["volid"]: entry for entry in api.nodes("pve").storage("local").content.get(content="iso")}
assert content["local:iso/large.iso"]["size"] == 12 << 20
assert content["local:iso/small.iso"]["size"] == 8000
assert wait(api, api.nodes("pve").storage("local").content("local:iso/small.iso").delete()) == "OK"
image = io.BytesIO(b"text")
image.name = "answers.txt"
refused(lambda: api.nodes("pve").storage("local").upload.post(content="iso", filename=image), 400, "wrong file extension")

machine = {
    "vmid": 100,
    "name": "k8s-control-1",
    "cores": 4,
    "memory": 8192,
    "scsi0": "local-lvm:50",
    "ide2": "local:iso/large.iso,media=cdrom",
    "net0": "virtio,bridge=vmbr0",
    "agent": 1,
    "boot": "order=scsi0;ide2",
    "hostpci0": "0000:01:00,pcie=1,x-vga=0",
    "machine": "q35",
}
assert wait(api, api.nodes("pve").qemu.post(**machine)) == "OK"
config = api.nodes("pve").qemu(100).config.get()
assert config["scsi0"] == "local-lvm:vm-100-disk-0,size=50G", config
assert config["ide2"] == "local:iso/large.iso,media=cdrom,size=12M", config
assert config["net0"].startswith("virtio=BC:24:11:") and config["net0"].endswith(",bridge=vmbr0"), config
assert config["cores"] == 4 and config["memory"] == "8192" and len(config["digest"]) == 40, config
refused(lambda: api.nodes("pve").qemu.post(**machine), 500, "VM 100 already exists on node 'pve'")
refused(lambda: api.nodes("pve").qemu.post(vmid=101, colour="red"), 400, "property is not defined in schema")
refused(lambda: api.nodes("pve").qemu(999).config.get(), 500, "Configuration file 'nodes/pve/qemu-server/999.conf' does not exist")

refused(lambda: api.nodes("pve").qemu(100).agent("network-get-interfaces").get(), 500, "VM 100 is not running")
assert wait(api, api.nodes("pve").qemu(100).status.start.post()) == "OK"
state = api.nodes("pve").qemu(100).status.current.get()
assert state["status"] == "running" and state["agent"] == 1, state
found = api.nodes("pve").qemu(100).agent("network-get-interfaces").get()["result"]
assert found[1]["ip-addresses"][0] == {"ip-address": "192.0.2.100", "ip-address-type": "ipv4", "prefix": 24}, found
pid = api.nodes("pve").qemu(100).agent.exec.post(command="hostname")["pid"]
assert api.nodes("pve").qemu(100).agent("exec-status").get(pid=pid)["out-data"] == "k8s-control-1\n"

# A running machine: memory waits for a restart, a larger disk does not.
api.nodes("pve").qemu(100).config.put(memory=16384, tags="Worker,lab", description="a text")
config = api.nodes("pve").qemu(100).config.get(current=1)
assert config["memory"] == "8192" and config["tags"] == "lab;worker" and config["description"] == "a text\n", config
pending = {entry["key"]: entry.get("pending") for entry in api.nodes("pve").qemu(100).pending.get()}
assert pending["memory"] == "16384", pending
assert wait(api, api.nodes("pve").qemu(100).resize.put(disk="scsi0", size="60G")) == "OK"
assert "size=60G" in api.nodes("pve").qemu(100).config.get()["scsi0"]
refused(lambda: api.nodes("pve").qemu(100).resize.put(disk="scsi0", size="10G"), 500, "shrinking disks is not supported")
refused(lambda: api.nodes("pve").qemu(100).config.put(cores=2, digest="0" * 40), 500, "detected modified configuration")
assert wait(api, api.nodes("pve").qemu(100).status.reboot.post()) == "OK"
assert api.nodes("pve").qemu(100).config.get(current=1)["memory"] == "16384"

assert wait(api, api.nodes("pve").qemu(100).clone.post(newid=200, name="copy", full=1)) == "OK"
copy = api.nodes("pve").qemu(200).config.get()
assert copy["name"] == "copy" and copy["scsi0"] == "local-lvm:vm-200-disk-0,size=60G" and copy["net0"] != config.get("net0"), copy
assert sorted(vm["vmid"] for vm in api.cluster.resources.get(type="vm")) == [100, 200]
refused(lambda: api.nodes("pve").qemu(100).delete(), 500, "VM 100 is running - destroy failed")
assert wait(api, api.nodes("pve").qemu(100).status.stop.post()) == "OK"
assert wait(api, api.nodes("pve").qemu(100).delete(purge=1)) == "OK"

# A start that cannot work is a task that fails, with its reason in state and log.
assert wait(api, api.nodes("pve").qemu.post(vmid=300, net0="virtio,bridge=vmbr9")) == "OK"
upid = api.nodes("pve").qemu(300).status.start.post()
assert wait(api, upid) == "bridge 'vmbr9' does not exist"
assert api.nodes("pve").tasks(upid).log.get()[-1]["t"] == "TASK ERROR: bridge 'vmbr9' does not exist"
assert wait(api, api.nodes("pve").qemu.post(vmid=301, scsi0="local-lvm:4096")).startswith("unable to create VM 301 - lvcreate")
refused(lambda: api.nodes("pve").qemu(301).config.get(), 500, "does not exist")

# Tokens: no ticket, no CSRF, and not everything that root with a password may do.
token = connect(user="root@pam", token_name="lab", token_value="secret-value")
assert token.version.get()["release"] == "9.1"
refused(lambda: token.nodes("pve").qemu.post(vmid=302, hostpci0="0000:01:00"), 500, "only root can set 'hostpci0' config for non-mapped devices")
refused(lambda: connect(user="root@pam", token_name="lab", token_value="no").version.get(), 401, "invalid token value!")
guest = connect(user="reader@pve", password="look")
assert guest.version.get()["release"] == "9.1"
refused(lambda: guest.nodes("pve").qemu(200).status.start.post(), 403, "Permission check failed (/nodes/pve/qemu/200/status/start, VM.PowerMgmt)")
print("all good")
