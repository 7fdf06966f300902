#!/usr/bin/env python3
"""What idle TCP connections cost each runtime.

    cargo build --profile shipped -p socklab-tests --examples && bench/idle.py [--most 19000]

A server of the kit's parrots and the clients are separate processes. At each step it holds that many
connections, each of which has been served once. Printed: memory and what a connection adds to it (the slope
between the steps, from resident pages), threads, how long a new client waits to be served (median and worst
of 50), and the server's CPU time for each round trip of a client that is served again and again
(flat, if the idle ones cost nothing). Linux; traffic stays on 127.0.0.1.
"""
import argparse, os, pathlib, resource, socket, statistics, subprocess, time
from built import EXAMPLES

# Threads are held to 2,000: each needs its own stack, and the system's limits are near.
MOST = {"blocking": 2000, "async-std": None, "mio": None, "tokio": None}


def status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])


def cpu(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        except OSError:
            pass  # a thread that has ended meanwhile
    return total / 1e3  # microseconds


def connect(address, nth=0):
    # From many addresses: one alone has some 28,000 ports, and the search for a free one grows long.
    s = socket.create_connection(address, source_address=(f"127.0.1.{1 + nth // 500}", 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def served(s):
    s.sendall(b"hola")
    got = b""
    while len(got) < 4:
        got += s.recv(4)
    assert got == b"hola", got


def newcomer(address):
    start = time.perf_counter()
    with connect(address, 100 * 500) as s:
        served(s)
    return (time.perf_counter() - start) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=19000)
    parser.add_argument("--runtime")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = min(options.most, hard - 200)
    print(f"{'runtime':10} {'idle':>6} {'RSS KiB':>8} {'bytes each':>10} {'threads':>7}  "
          f"{'new client ms: median':>21} {'worst':>6}  {'CPU us a round trip':>19}")
    for runtime, limit in MOST.items():
        if options.runtime not in (None, runtime):
            continue
        top = min(most, limit or most)
        server = subprocess.Popen([str(EXAMPLES / "parrots"), runtime, str(top + 100)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        host, port = server.stdout.readline().split()[1].rsplit(":", 1)
        address, held, last = (host, int(port)), [], None
        for step in [10, top // 4, top // 2, top]:
            while len(held) < step:
                s = connect(address, len(held))
                served(s)
                held.append(s)
            waits = [newcomer(address) for _ in range(50)]
            busy = held[0]
            before = cpu(server.pid)
            for _ in range(2000):
                served(busy)
            each = (cpu(server.pid) - before) / 2000
            memory, threads = status(server.pid, "VmRSS"), status(server.pid, "Threads")
            slope = "" if last is None else f"{(memory - last[1]) * 1024 / (step - last[0]):.0f}"
            last = (step, memory)
            print(f"{runtime:10} {step:6} {memory:8} {slope:>10} {threads:7}  "
                  f"{statistics.median(waits):21.2f} {max(waits):6.2f}  {each:19.2f}", flush=True)
        server.stdin.close()
        for s in held:
            s.close()
        server.wait()


if __name__ == "__main__":
    main()
