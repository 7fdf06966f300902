#!/usr/bin/env python3
"""Measures socklab's servers against minimal C programs, as ratios within one interleaved run.

    cargo build --release && bench/peers.py [--rounds 9] [--seconds 2]

Each round runs every server in a shuffled order, pinned to one core, under the same load from
another core. What is printed are medians of the ratios within the rounds: of replies (or connections)
a second, and of the server's CPU time for each. Absolute figures mean nothing beyond the machine
and the hour. Linux, a C compiler, two cores; traffic stays on 127.0.0.1.
"""
import argparse, os, pathlib, random, re, signal, socket, statistics, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PEERS = TARGET / "peers"
TICK = os.sysconf("SC_CLK_TCK")

# exercise, peer, runtimes compared with it, load, its arguments after the port
CASES = [
    ("echo", "echo_blocking", ["blocking", "async-std"], "udp_load", ["64", "16"]),
    ("echo", "echo_epoll", ["mio", "tokio", "async-std"], "udp_load", ["64", "16"]),
    ("welcome", "welcome_c", ["mio", "tokio", "async-std", "blocking"], "tcp_load", ["64"]),
]


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu(pid):
    """CPU seconds of a process and its threads, in nanosecond steps where the kernel gives them."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        except OSError:
            pass
    return total / 1e9


def cpu_total(pid):
    """The same with threads that have ended, in clock ticks."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def server(name, exercise, port):
    if name.endswith("_c") or name.startswith("echo_"):
        command = [str(PEERS / name), str(port)]
    else:
        keep = ["--keep-serving"] if exercise == "echo" else []
        command = [str(TARGET / "release/socklab"), exercise, "server", "--quiet",
                   "--listen", f":{port}", "--runtime", name, *keep]
    return subprocess.Popen(["taskset", "-c", "1", *command], stderr=subprocess.DEVNULL)


def wait_until_up(exercise, port):
    kind = socket.SOCK_DGRAM if exercise == "echo" else socket.SOCK_STREAM
    for _ in range(200):
        with socket.socket(socket.AF_INET, kind) as s:
            s.settimeout(0.05)
            try:
                s.connect(("127.0.0.1", port))
                if exercise == "echo":
                    s.send(b"up?")
                s.recv(64)
                return
            except OSError:
                time.sleep(0.02)
    sys.exit(f"the server of {exercise} does not answer")


def measure(name, exercise, load, args, seconds):
    """Replies a second, and the server's CPU microseconds for each."""
    port = free_port(socket.SOCK_DGRAM if exercise == "echo" else socket.SOCK_STREAM)
    process = server(name, exercise, port)
    try:
        wait_until_up(exercise, port)
        clock = cpu_total if exercise == "welcome" and name == "blocking" else cpu
        before = clock(process.pid)
        out = subprocess.run(["taskset", "-c", "0", str(PEERS / load), str(port), *args, str(seconds)],
                             capture_output=True, text=True, check=True).stdout
        used = clock(process.pid) - before
        rate, wrong = re.match(r"(\d+) \S+\s+(?:wrong|bad) (\d+)", out).groups()
        if int(wrong):
            sys.exit(f"{name}: {wrong} wrong replies: {out}")
        return float(rate), used / (float(rate) * seconds) * 1e6
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", help="only the cases of this peer")
    options = parser.parse_args()
    subprocess.run(["make", "-s", "-C", str(ROOT / "bench/peers"), f"OUT={PEERS}"], check=True)
    built = subprocess.run([str(TARGET / "release/socklab"), "echo", "server", "--runtime", "?"],
                           capture_output=True, text=True, env={**os.environ, "SOCKLAB_LANG": "en"}).stderr
    print(f"{'exercise':9} {'runtime':10} {'peer':14} {'rate':>6}  {'CPU each':>8}   "
          "(medians of ratios to the peer; CPU in microseconds: ours, its)")
    for exercise, peer, runtimes, load, args in CASES:
        runtimes = [one for one in runtimes if one in built]
        if options.only not in (None, peer) or not runtimes:
            continue
        rounds = []
        for _ in range(options.rounds):
            names = [peer, *runtimes]
            random.shuffle(names)
            rounds.append({name: measure(name, exercise, load, args, options.seconds) for name in names})
        for name in runtimes:
            rate = statistics.median(r[name][0] / r[peer][0] for r in rounds)
            each = statistics.median(r[name][1] / r[peer][1] for r in rounds)
            ours, its = (statistics.median(r[who][1] for r in rounds) for who in (name, peer))
            print(f"{exercise:9} {name:10} {peer:14} {rate:6.2f}  {each:8.2f}   {ours:.2f}, {its:.2f}", flush=True)


if __name__ == "__main__":
    main()
