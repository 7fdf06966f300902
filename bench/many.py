#!/usr/bin/env python3
"""Many connections to a `capitals` server: all active at once, and all idle but one.

    cargo build --profile shipped -p socklab && cargo build --profile shipped -p socklab-load --examples && bench/many.py

Active: each of 10,000 connections (2,000 where each has a thread) has a line in flight all the time; every
reply is checked whole, and one that is wrong, lost or refused ends the script with 1. Printed: replies a second,
the server's CPU time for each, and from a line to its reply p50, p99 and the longest.

Idle: connections are opened in steps up to 19,000 (2,000), and each is served once. Printed at each step: the
server's memory, what a connection adds to it (the slope between the steps, from resident pages), threads, how long
a new client waits to be served (median and worst of 50; over 100 ms ends the script with 1), and the server's CPU
time for each round trip of a client that is served again and again (flat, if the idle ones cost nothing).

Server and clients are separate processes, on a core each. Clients have many addresses: one alone has some 28,000
ports, and the search for a free one grows long. Linux; traffic stays on 127.0.0.0/8.
"""
import argparse, json, os, pathlib, re, resource, socket, statistics, subprocess, sys, time
from paths import EXAMPLES, SOCKLAB
from peers import cpu

# Threads are held to 2,000: each needs its own stack, and the system's limits are near.
MAX_CONNECTIONS = {"blocking": 2000, "async-std": None, "mio": None, "tokio": None, "uring": None}
# A server and the programs around it have some descriptors of their own.
SPARE = 200
NEW_CLIENTS, WITHIN_MS, ROUND_TRIPS = 50, 100, 2000


class Server:
    def __init__(self, runtime, core):
        spec = {"exercise": "capitals", "runtime": runtime, "cores": [core]}
        self.process = subprocess.Popen([str(SOCKLAB), "measured-server", json.dumps(spec)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        host, port = self.process.stdout.readline().split()[1].rsplit(":", 1)
        self.address = (host, int(port))

    def cpu(self):
        return cpu(self.process.pid) * 1e6

    def status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])

    def end(self):
        self.process.terminate()
        self.process.wait()


def connect(address, nth):
    s = socket.create_connection(address, source_address=(f"127.0.1.{1 + nth // 500}", 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def round_trip(s):
    s.sendall(b"hola\n")
    got = b""
    while len(got) < 5:
        more = s.recv(5)
        assert more, "closed"
        got += more
    assert got == b"HOLA\n", got


def time_new_client(address):
    start = time.perf_counter()
    with connect(address, 100 * 500) as s:
        round_trip(s)
    return (time.perf_counter() - start) * 1e3


def active(runtime, connections, seconds, cores):
    """What is wrong, if anything is."""
    server = Server(runtime, cores[-1])
    host, port = server.address
    before = server.cpu()
    out = subprocess.run(["taskset", "-c", str(cores[0]), str(EXAMPLES / "load"), "capitals", f"{host}:{port}",
                          "--connections", str(connections), "--seconds", str(seconds), "--timeout", "10"],
                         capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{runtime}: {out.stderr}")
    figures = dict(re.findall(r"(asked|wrong|lost|duplicated|refused|ports|p50|p99|max) ([\d.]+)", out.stdout.partition("service")[0]))
    rate = int(out.stdout.split()[0])
    each = (server.cpu() - before) / float(figures["asked"])
    server.end()
    ms = [float(figures[key]) / 1e3 for key in ("p50", "p99", "max")]
    print(f"{runtime:10} {connections:6} {rate:9,} {each:8.2f}  " + "  ".join(f"{one:7.1f}" for one in ms), flush=True)
    bad = {key: figures[key] for key in ("wrong", "lost", "duplicated", "refused", "ports") if figures[key] != "0"}
    return [f"{runtime}, {connections} active: {bad}"] if bad else []


def idle(runtime, top, cores):
    """What is wrong, if anything is."""
    server, held, last, wrong = Server(runtime, cores[-1]), [], None, []
    for step in sorted({10, top // 4, top // 2, top}):
        while len(held) < step:
            s = connect(server.address, len(held))
            round_trip(s)
            held.append(s)
        waits = [time_new_client(server.address) for _ in range(NEW_CLIENTS)]
        before = server.cpu()
        for _ in range(ROUND_TRIPS):
            round_trip(held[0])
        each = (server.cpu() - before) / ROUND_TRIPS
        memory = server.status("VmRSS")
        slope = "" if last is None else f"{(memory - last[1]) * 1024 / (step - last[0]):.0f}"
        last = (step, memory)
        print(f"{runtime:10} {step:6} {memory:8} {slope:>10} {server.status('Threads'):7}  "
              f"{statistics.median(waits):21.2f} {max(waits):6.2f}  {each:19.2f}", flush=True)
        if max(waits) > WITHIN_MS:
            wrong.append(f"{runtime}, {step} idle: a new client waited {max(waits):.0f} ms")
    for s in held:
        s.close()
    server.end()
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--active", type=int, default=10_000, help="connections that are all active")
    parser.add_argument("--idle", type=int, default=19_000, help="connections that say nothing")
    parser.add_argument("--seconds", type=float, default=5, help="how long they are active")
    parser.add_argument("--runtime", help="only this one")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    runtimes = {name: most for name, most in MAX_CONNECTIONS.items() if options.runtime in (None, name)}
    wrong = []
    print(f"{'runtime':10} {'active':>6} {'replies/s':>9} {'CPU us':>8}  {'p50 ms':>7}  {'p99 ms':>7}  {'max ms':>7}")
    for runtime, most in runtimes.items() if options.active else ():
        wrong += active(runtime, min(options.active, hard - SPARE, most or hard), options.seconds, cores)
    print(f"\n{'runtime':10} {'idle':>6} {'RSS KiB':>8} {'bytes each':>10} {'threads':>7}  "
          f"{'new client ms: median':>21} {'worst':>6}  {'CPU us a round trip':>19}")
    for runtime, most in runtimes.items() if options.idle else ():
        wrong += idle(runtime, min(options.idle, hard - SPARE, most or hard), cores)
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
