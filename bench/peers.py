#!/usr/bin/env python3
"""Measures socklab's servers against minimal C programs, and against an older socklab.

    cargo build --profile shipped && bench/peers.py [--before OLD_SOCKLAB] [--seconds 12] [--only echo_epoll]

All servers of a case are alive, pinned to one core, and exactly one of them is under load at any
moment, from the other core: in slices of 0.1 s, in shuffled blocks of one slice each. Ratios are taken
within a block, so what slows the machine for longer than a block slows both. Printed: the ratio of
replies (or connections) a second and of the server's CPU time for each, with the half-width of its
95 % interval (t, on logarithms). Absolute figures mean nothing beyond the machine and the hour.
Linux, a C compiler, two cores; traffic stays on 127.0.0.0/8.
"""
import argparse, math, random, re, signal, socket, statistics, subprocess, sys, time
from paths import ROOT, SOCKLAB, TARGET

PEERS = TARGET / "peers"
SLICE = 0.1

# exercise, peer, runtimes compared with it, load, its arguments after the port
CASES = [
    ("echo", "echo_blocking", ["blocking"], "udp_load", ["64", "16"]),
    ("echo", "echo_epoll", ["mio", "tokio", "async-std"], "udp_load", ["64", "16"]),
    ("echo", "echo_select", ["select"], "udp_load", ["64", "16"]),
    ("echo", "echo_poll", ["poll"], "udp_load", ["64", "16"]),
    ("echo", "echo_epoll_level", ["epoll-level"], "udp_load", ["64", "16"]),
    ("echo", "echo_nonblock", ["nonblocking"], "udp_load", ["64", "16"]),
    ("echo", "echo_sigio", ["signal-driven"], "udp_load", ["64", "16"]),
    ("echo", "echo_uring", ["uring", "mio"], "udp_load", ["64", "16"]),
    ("echo", "echo_gro", ["blocking-batched", "mio-batched"], "udp_load_gso", ["64", "32"]),
    ("echo", "echo_gro_epoll", ["mio-batched"], "udp_load_gso", ["64", "32"]),
    ("welcome", "welcome_c", ["mio", "tokio", "async-std", "blocking"], "tcp_load", ["64"]),
]


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu(pid):
    """CPU seconds of a process with all its threads, those that have ended too, to the nanosecond:
    the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime((~pid << 3) | 2)


class Server:
    def __init__(self, name, command, exercise):
        kind = socket.SOCK_DGRAM if exercise == "echo" else socket.SOCK_STREAM
        self.name, self.port = name, free_port(kind)
        command = [part.format(port=self.port) for part in command]
        self.process = subprocess.Popen(["taskset", "-c", "1", *command], stderr=subprocess.DEVNULL)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            with socket.socket(socket.AF_INET, kind) as s:
                s.settimeout(0.05)
                try:
                    s.connect(("127.0.0.1", self.port))
                    if exercise == "echo":
                        s.send(b"up?")
                    s.recv(64)
                    return
                except OSError:
                    time.sleep(0.02)
        self.end()
        raise ConnectionRefusedError(f"{name}: the server of {exercise} does not answer")

    def slice(self, load, args, tries=20):
        """Replies a second, and the server's CPU microseconds for each. A slice without a reply, in which
        another program had the core, is repeated."""
        before = cpu(self.process.pid)
        out = subprocess.run(["taskset", "-c", "0", str(PEERS / load), str(self.port), *args, str(SLICE)],
                             capture_output=True, text=True, check=True).stdout
        time.sleep(0.01)  # what is still queued is answered
        used = cpu(self.process.pid) - before
        rate, wrong = re.match(r"(\d+) \S+\s+(?:wrong|bad) (\d+)", out).groups()
        if int(wrong):
            sys.exit(f"{self.name}: {wrong} wrong replies: {out}")
        if not int(rate) and tries > 1:
            return self.slice(load, args, tries - 1)
        return float(rate), used / (float(rate) * SLICE) * 1e6

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def socklab(program, exercise, runtime):
    keep = ["--keep-serving"] if exercise == "echo" else []
    return [str(program), exercise, "server", "--quiet", "--listen", ":{port}", "--runtime", runtime, *keep]


def interval(ratios):
    """The geometric mean, and the half-width of its 95 % interval as a share of it."""
    logs = [math.log(one) for one in ratios]
    mean, n = statistics.fmean(logs), len(logs)
    # Student's t for 97.5 %: good to 1 % from 10 degrees of freedom on (Abramowitz and Stegun, 26.7.5).
    t = 1.96 + (1.96**3 + 1.96) / (4 * (n - 1)) + 2.8 / (n - 1) ** 2
    return math.exp(mean), math.exp(t * statistics.stdev(logs) / math.sqrt(n)) - 1


def measure(servers, load, args, seconds):
    """For each server, what each block gave."""
    blocks = max(10, round(seconds / SLICE))
    given = {name: [] for name in servers}
    for block in range(blocks + 1):
        for name in random.sample(list(servers), len(servers)):
            one = servers[name].slice(load, args)
            if block:  # the first warms up
                given[name].append(one)
    return given


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=12, help="under load, for each server of a case")
    parser.add_argument("--only", help="only the cases of this peer")
    parser.add_argument("--runtime", help="only this runtime")
    parser.add_argument("--before", help="an older socklab, to compare each runtime with")
    options = parser.parse_args()
    subprocess.run(["make", "-s", "-C", str(ROOT / "bench/peers"), f"OUT={PEERS}"], check=True)
    program = SOCKLAB
    print(f"{'exercise':9} {'runtime':16} {'against':16} {'rate':>14}  {'CPU for each':>14}   (ratios; CPU in microseconds)")
    for exercise, peer, runtimes, load, args in CASES:
        runtimes = [one for one in runtimes if options.runtime in (None, one)]
        if options.only not in (None, peer) or not runtimes:
            continue
        if not (PEERS / peer).exists():
            print(f"{exercise:9} SKIPPED: {peer} was not built: see bench/peers/Makefile")
            continue
        commands = {peer: [str(PEERS / peer), "{port}"]}
        for runtime in runtimes:
            commands[runtime] = socklab(program, exercise, runtime)
            if options.before:
                commands[f"{runtime} before"] = socklab(options.before, exercise, runtime)
        servers = {}
        try:
            for name, command in commands.items():
                try:
                    servers[name] = Server(name, command, exercise)
                except ConnectionRefusedError:
                    if not name.endswith(" before"):  # an older program may not have the model
                        raise
            given = measure(servers, load, args, options.seconds)
        finally:
            for server in servers.values():
                server.end()
        for runtime in runtimes:
            for other in [peer, f"{runtime} before"]:
                if other not in given:
                    continue
                pairs = list(zip(given[runtime], given[other]))
                (rate, rate_half), (each, each_half) = (interval([a[i] / b[i] for a, b in pairs]) for i in (0, 1))
                ours, its = (statistics.median(each for _, each in given[name]) for name in (runtime, other))
                shown = "before" if other.endswith(" before") else other
                print(f"{exercise:9} {runtime:16} {shown:16} {rate:6.3f} ± {rate_half:.3f}  {each:6.3f} ± {each_half:.3f}"
                      f"   {ours:.2f}, {its:.2f}", flush=True)


if __name__ == "__main__":
    main()
