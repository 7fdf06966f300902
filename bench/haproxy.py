#!/usr/bin/env python3
"""Two servers on one PostgreSQL behind HAProxy: what clients see when one dies, comes back, and is taken out in order.

    cargo build --profile shipped && cargo build --profile shipped -p socklab-tests --examples && bench/haproxy.py [--seconds 3]

Nothing that was confirmed may be lost, and what was not confirmed gets the right answer when it is sent again. Exits with 1
otherwise. Skipped, aloud, where there is no HAProxy or no PostgreSQL.
"""
import argparse, collections, json, shutil, socket, subprocess, sys, tempfile, time
from submissions import *

SUBMITTERS = EXAMPLES / "submitters"
CONFIG = """
global
    maxconn 4096
    stats socket {folder}/admin.sock level admin
defaults
    mode tcp
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch 1
frontend lab
    bind 127.0.0.1:{port}
    stick-table type ip size 100k expire 1m store conn_cur
    tcp-request connection track-sc0 src
    tcp-request connection reject if {{ sc0_conn_cur gt 256 }}
    default_backend servers
backend servers
    balance leastconn
    default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class HAProxy:
    def __init__(self, one, two):
        self.folder, self.port = tempfile.mkdtemp(prefix="haproxy"), free_port()
        config = pathlib.Path(self.folder, "haproxy.cfg")
        config.write_text(CONFIG.format(folder=self.folder, port=self.port, one=one, two=two))
        self.process = subprocess.Popen(["haproxy", "-db", "-f", str(config)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until = time.time() + 10
        while not submit(self.port, b"&&\n", timeout=1):
            if self.process.poll() is not None or time.time() > until:
                self.process.kill()
                raise RuntimeError(f"no HAProxy: {self.process.communicate()[1]}")
            time.sleep(0.05)

    def tell(self, command):
        """Asks its runtime interface."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"{self.folder}/admin.sock")
            s.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: s.recv(4096), b"")).decode()

    def sessions(self, server):
        """How many connections a server has from it."""
        for line in self.tell("show stat").splitlines():
            fields = line.split(",")
            if fields[:2] == ["servers", server]:
                return int(fields[4])
        raise RuntimeError(f"no server {server}")

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def serve(cluster, port=0):
    # All come from HAProxy's address, so it has to count them.
    return Server(cluster.url, "mio", ["--per-address", "4096"], port=port)


class WatchedSubmitters(Submitters):
    """The same clients, with how long each waited, and when."""

    def __init__(self, *arguments):
        self.waits = []
        super().__init__(*arguments)

    def run(self):
        while not self.stop.is_set():
            with self.lock:
                dni, self.next = f"{self.next:08}", self.next + 1
            at = time.time()
            said = submit(self.port, message(dni, at=at))
            with self.lock:
                self.waits.append((at, time.time() - at))
                (self.confirmed if said.startswith("OK") else self.unconfirmed).append((dni, at, said))


def report(name, load, cluster, port):
    """Counts; whether all is as it should be."""
    dnis = cluster.recorded()
    lost = [dni for dni, _, _ in load.confirmed if dni not in dnis]
    wrong = 0
    for dni, at, _ in load.unconfirmed:
        said = submit(port, message(dni, at=at))
        wrong += not said.startswith("OK already" if dni in dnis else "OK registered")
    saw = collections.Counter(said.strip() or "closed without an answer" for _, _, said in load.unconfirmed)
    longest = max(wait for _, wait in load.waits)
    print(f"{name}: confirmed {len(load.confirmed)}, lost {len(lost)}, not confirmed {len(load.unconfirmed)}{f' {dict(saw)}' if saw else ''}, "
          f"retries answered wrongly {wrong}, longest wait {longest * 1000:.0f} ms", flush=True)
    return not lost and not wrong


def rates(cluster, one, two, proxy, first):
    """What the way through HAProxy costs: confirmations a second for 128 clients, each way in turn."""
    for n in range(2):
        for name, ports in (("one server", [one.port]), ("two servers", [one.port, two.port]), ("HAProxy", [proxy.port])):
            first += 1_000_000
            out = subprocess.run([str(SUBMITTERS), str(ports[0]), "128", "2", str(first), *map(str, ports[1:])],
                                 capture_output=True, text=True, check=True).stdout.split()
            print(f"{name}: {out[0]} a second, not confirmed {out[1]}, p50 {out[2]} ms, p99 {out[3]} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    if not shutil.which("haproxy"):
        print("SKIPPED: this machine has no HAProxy")
        return 0
    cluster = Postgres.find()
    if not cluster:
        return 0
    one, two, proxy, good = serve(cluster), serve(cluster), None, True
    try:
        proxy = HAProxy(one.port, two.port)
        load = WatchedSubmitters(proxy.port, 16, 10_000_000)
        time.sleep(options.seconds)
        one.kill()
        time.sleep(options.seconds)
        load.end()
        good &= report("one of two is killed (SIGKILL)", load, cluster, proxy.port)

        load = WatchedSubmitters(proxy.port, 16, load.next)
        one = serve(cluster, one.port)
        time.sleep(options.seconds)
        load.end()
        good &= report("it comes back", load, cluster, proxy.port)
        good &= not load.unconfirmed

        load = WatchedSubmitters(proxy.port, 16, load.next)
        time.sleep(options.seconds / 2)
        two.stop()
        time.sleep(options.seconds / 2)
        load.end()
        good &= report("the other is stopped (SIGTERM)", load, cluster, proxy.port)

        two = serve(cluster, two.port)
        time.sleep(2)
        load = WatchedSubmitters(proxy.port, 16, load.next)
        time.sleep(options.seconds / 2)
        proxy.tell("set server servers/one state drain")
        while proxy.sessions("one"):
            time.sleep(0.02)
        one.stop()
        time.sleep(options.seconds / 2)
        load.end()
        good &= report("one is drained, then stopped", load, cluster, proxy.port)
        good &= not load.unconfirmed
        proxy.tell("set server servers/one state ready")
        one = serve(cluster, one.port)
        time.sleep(2)
        rates(cluster, one, two, proxy, load.next)
    finally:
        if proxy:
            proxy.end()
        for server in (one, two):
            if server.process.poll() is None:
                server.stop()
        cluster.end()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
