# SPDX-License-Identifier: MIT
"""bed.py - two hosts and a wire between them, in network namespaces of our own.

    host A (Linux, 10.9.0.1) -- a0=wa -- wire -- wb=b0 -- host B (10.9.0.2: Linux or ix)

A bed is used for one run after another; several beds run side by side. Bed.close() ends every
process it started and removes the namespaces. Not here: what is run and judged (diff.py).
"""
import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = os.path.join(HERE, "stream_peer.py")
A_IP, B_IP, PORT = "10.9.0.1", "10.9.0.2", 7007
OFFLOADS = ("tx", "rx", "tso", "gso", "gro")
READY_S = 10
SETTLE_S = 0.3      # for the last ACK to arrive
# All of it takes a tenth of a processor and must not wait for one: a late wire is jitter, and a
# late stack is a slow one, but not the kernel's, which runs whenever the wire does.
REAL_TIME, REAL_TIME_FIRST = ("chrt", "-r", "4"), ("chrt", "-r", "5")


class BedError(Exception):
    pass


def missing():
    """What this machine lacks for a bed, as a sentence, or ''."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "ethtool", "sysctl", "chrt"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    name = f"ixdiff-{os.getpid()}-try"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return "network namespaces cannot be made here"
    works = subprocess.run(["ip", "netns", "exec", name, "true"], capture_output=True)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return "no command can be run in a network namespace here" if works.returncode else ""


def linux_ccs():
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as f:
        return f.read().split()


def numbers(text):
    """The "name value" lines of @text."""
    out = {}
    for line in text.splitlines():
        w = line.split()
        if len(w) >= 2 and not line.startswith("#"):
            try:
                out[w[0]] = float(w[1]) if "." in w[1] else int(w[1])
            except ValueError:
                pass
    return out


class Bed:
    def __init__(self, index, ix, wire, log_dir):
        self.ix, self.wire, self.log_dir, self.index = ix, wire, log_dir, index
        self.ns = {h: f"ixdiff-{os.getpid()}-{index}-{h}" for h in "abw"}
        self.running = []
        try:
            self.build()
        except BedError:
            self.close()
            raise

    # --- namespaces ---

    def sh(self, *cmd):
        r = subprocess.run(cmd, capture_output=True, text=True)
        if r.returncode:
            raise BedError(f"{' '.join(cmd)}: {r.stderr.strip() or r.stdout.strip()}")

    def sysctl(self, host, *settings):
        self.sh("ip", "netns", "exec", self.ns[host], "sysctl", "-q", "-w", *settings)

    def build(self):
        for host in "abw":
            self.sh("ip", "netns", "add", self.ns[host])
            # Frames nobody asked for would move the faults to other frames.
            self.sysctl(host, "net.ipv6.conf.all.disable_ipv6=1",
                        "net.ipv6.conf.default.disable_ipv6=1")
        for host in "ab":
            self.sh("ip", "-n", self.ns["w"], "link", "add", f"w{host}", "type", "veth",
                    "peer", "name", f"{host}0", "netns", self.ns[host])
            for ns, dev in ((self.ns["w"], f"w{host}"), (self.ns[host], f"{host}0")):
                for what in OFFLOADS:
                    subprocess.run(["ip", "netns", "exec", ns, "ethtool", "-K", dev, what, "off"],
                                   capture_output=True)
                self.sh("ip", "-n", ns, "link", "set", dev, "up")
            self.sysctl(host, "net.ipv4.tcp_no_metrics_save=1")
        self.sh("ip", "-n", self.ns["a"], "addr", "add", f"{A_IP}/24", "dev", "a0")

    def end_all(self):
        for p in list(self.running):
            self.end(p, kill=True)

    def close(self):
        self.end_all()
        for ns in self.ns.values():
            subprocess.run(["ip", "netns", "del", ns], capture_output=True)

    # --- processes ---

    def start(self, host, name, cmd, ready=None, prio=REAL_TIME):
        log = open(os.path.join(self.log_dir, f"{self.index}-{name}.log"), "w+")
        full = ["ip", "netns", "exec", self.ns[host], *prio, *cmd]
        p = subprocess.Popen(full, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        p.log, p.label = log, name
        self.running.append(p)
        deadline = time.monotonic() + READY_S
        while ready and ready not in self.text(p):
            if p.poll() is not None or time.monotonic() > deadline:
                raise BedError(f"{name} did not get ready: {self.text(p).strip()}")
            time.sleep(0.02)
        return p

    @staticmethod
    def text(p):
        p.log.seek(0)
        return p.log.read()

    def end(self, p, kill=False):
        """Terminate @p if it still runs; returns its numbers, {} if it was ended before."""
        try:
            self.running.remove(p)
        except ValueError:
            return {}
        if p.poll() is None:
            p.kill() if kill else p.terminate()
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        out = self.text(p)
        p.log.close()
        return numbers(out)

    # --- a run ---

    def stack_b(self, kind):
        """Host B is @kind: Linux with an address, or an interface without one, for ix."""
        b = self.ns["b"]
        self.sh("ip", "-n", b, "addr", "flush", "dev", "b0")
        if kind == "linux":
            self.sh("ip", "-n", b, "addr", "add", f"{B_IP}/24", "dev", "b0")
        for host, dev in (("a", "a0"), ("b", "b0")):
            self.sh("ip", "-n", self.ns[host], "neigh", "flush", "dev", dev)

    def ix_cmd(self, verb, knobs):
        cmd = [self.ix, verb, "stream", "--nic", "packet:b0", "--ip", f"{B_IP}/24", "--stats"]
        cmd += ["--port", str(PORT)] if verb == "serve" else ["--to", f"{A_IP}:{PORT}"]
        for k in knobs:
            cmd += ["-s", k]
        return cmd

    def start_server(self, host, spec):
        if host == "b" and spec["kind"] == "ix":
            cmd = self.ix_cmd("serve", spec["ix"])
        else:
            cmd = ["python3", PEER, "server", str(PORT), "--cc", spec["linux_cc"]]
        return self.start(host, "server", cmd, "listening on")

    def start_client(self, host, spec):
        load = {k: spec[k] for k in ("bytes", "direction", "connections", "total")}
        if host == "b" and spec["kind"] == "ix":
            cmd = self.ix_cmd("load", spec["ix"] + [f"workload.{k}={v}" for k, v in load.items()])
        else:
            to = f"{B_IP if host == 'a' else A_IP}:{PORT}"
            cmd = ["python3", PEER, "client", to, "--cc", spec["linux_cc"]]
            cmd += [w for k, v in load.items() for w in (f"--{k}", str(v))]
        return self.start(host, "client", cmd)

    def run(self, spec, limit_s):
        """
        One client, one server, one wire. @spec: kind ("ix" or "linux" on host B), role ("send":
        B opens, "recv": A opens), linux_cc, ecn, sysctl, wire (keys), ix (knobs), bytes,
        direction, connections, total. Returns (client's, server's, wire's numbers, exit status
        of the client or None when it was not done in @limit_s); what the client printed is its
        number "said". Raises BedError, with nothing left running.
        """
        client_host, server_host = ("b", "a") if spec["role"] == "send" else ("a", "b")
        try:
            self.stack_b(spec["kind"])
            for host in "ab":
                self.sysctl(host, f"net.ipv4.tcp_ecn={int(spec['ecn'])}", *spec["sysctl"])
            wire = self.start("w", "wire", [self.wire, f"w{client_host}", f"w{server_host}"] +
                              spec["wire"], "ready", REAL_TIME_FIRST)
            server = self.start_server(server_host, spec)
            client = self.start_client(client_host, spec)
        except BedError:
            self.end_all()
            raise
        try:
            status = client.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = None
        time.sleep(SETTLE_S)
        said = self.text(client)
        got = [self.end(p) for p in (client, server, wire)]
        got[0]["said"] = said
        return (*got, status)
