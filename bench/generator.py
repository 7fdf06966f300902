#!/usr/bin/env python3
"""Whether socklab's load generator is the limit: what it drives from one core, against the C programs of bench/peers.

    cargo build --profile shipped && cargo build --profile shipped -p socklab-load --examples && bench/generator.py [--rounds 7] [--seconds 1]

Each round puts the same server, pinned to one core, under the C program's load and under ours from the other core, in a shuffled order.
What is printed is the median of the ratios within the rounds (ours to C's) of replies a second, and the median time that each
generator was busy for each reply (for C: its CPU time). The C programs check the first byte of a reply (or the length of the banner), ours checks all of it. On a machine with other work, --undisturbed
gives both cores to the load alone (SCHED_FIFO, which needs the privilege).
Linux, a C compiler, two cores; traffic stays on 127.0.0.1.
"""
import argparse, os, random, re, resource, statistics, subprocess, sys
from paths import EXAMPLES, ROOT, SOCKLAB
from peers import PEERS, Server, socklab

LOAD = EXAMPLES / "load"
MIO = "mio"

# exercise, server, the C program and its arguments after the port, ours
CASES = [
    ("echo", "echo_mmsg", "udp_load", ["64", "16"], ["--connections", "64", "--depth", "16"]),
    ("echo", "echo_mmsg", "udp_load", ["64", "1"], ["--connections", "64"]),
    ("echo", "echo_blocking", "udp_load", ["64", "16"], ["--connections", "64", "--depth", "16"]),
    ("echo", "echo_blocking", "udp_load", ["64", "1"], ["--connections", "64"]),
    ("echo", MIO, "udp_load", ["64", "16"], ["--connections", "64", "--depth", "16"]),
    ("echo", MIO, "udp_load", ["64", "1"], ["--connections", "64"]),
    ("welcome", "welcome_c", "tcp_load", ["64"], ["--connections", "64"]),
    ("welcome", MIO, "tcp_load", ["64"], ["--connections", "64"]),
]


def run_pinned(command):
    """What a load printed, and the CPU seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(["taskset", "-c", "0", *map(str, command)], capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_c_load(load, port, args, seconds):
    out, cpu = run_pinned([PEERS / load, port, *args, seconds])
    rate, wrong = re.match(r"(\d+) \S+\s+(?:wrong|bad) (\d+)", out).groups()
    if int(wrong):
        sys.exit(f"{load}: {out}")
    return float(rate), cpu / (float(rate) * seconds) * 1e6


def run_socklab_load(exercise, port, args, seconds):
    # The C servers know the capitals of ASCII alone, and the C loads send nothing else.
    out, _ = run_pinned([LOAD, exercise, f"127.0.0.1:{port}", "--ascii", "--seconds", seconds, *args])
    rate, wrong, lost, busy = re.match(r"(\d+) \S+\s+wrong (\d+)\s+lost (\d+) .* busy ([\d.]+)", out).groups()
    if int(wrong):
        sys.exit(f"ours: {out}")
    return float(rate), float(busy) / float(rate) * 1e6, int(lost)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--only", help="only the cases with this server")
    parser.add_argument("--undisturbed", action="store_true", help="before all other programs")
    options = parser.parse_args()
    if options.undisturbed:
        # What this starts inherits it.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    subprocess.run(["make", "-s", "-C", str(ROOT / "bench/peers"), f"OUT={PEERS}"], check=True)
    cases = [case for case in CASES if options.only in (None, case[1])]
    rounds = [[] for _ in cases]
    for _ in range(options.rounds):
        for at in random.sample(range(len(cases)), len(cases)):
            exercise, name, load, args, own = cases[at]
            command = socklab(SOCKLAB, exercise, name) if name == MIO else [str(PEERS / name), "{port}"]
            server = Server(name, command, exercise)
            port = server.port
            try:
                turns = [lambda: run_c_load(load, port, args, options.seconds), lambda: run_socklab_load(exercise, port, own, options.seconds)]
                got = {turn: turns[turn]() for turn in random.sample([0, 1], 2)}
                rounds[at].append((got[0], got[1]))
            finally:
                server.end()
    print(f"{'exercise':9} {'server':14} {'load':16} {'ratio':>6} {'from':>6} {'to':>6}  {'replies/s':>9}  "
          f"{'us each: ours':>13} {'C':>6}  {'lost':>5}")
    enough = True
    for (exercise, name, load, args, _), measured in zip(cases, rounds):
        ratios = [mine[0] / its[0] for its, mine in measured]
        ratio = statistics.median(ratios)
        enough &= ratio >= 0.9
        print(f"{exercise:9} {name:14} {load + ' ' + ' '.join(args):16} {ratio:6.2f} {min(ratios):6.2f} {max(ratios):6.2f}  "
              f"{statistics.median(mine[0] for _, mine in measured):9.0f}  "
              f"{statistics.median(mine[1] for _, mine in measured):13.2f} "
              f"{statistics.median(its[1] for its, _ in measured):6.2f}  {sum(mine[2] for _, mine in measured):5}")
    sys.exit(0 if enough else 1)


if __name__ == "__main__":
    main()
