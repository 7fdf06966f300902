"""`rate.py --before OLD`: whether a change costs submissions anything. Both servers are up all the time, each on a
register of its own, and one of them is loaded at a time, in short slices in a random order: what disturbs the machine
disturbs both.

A ratio is this build's figure by the old one's over all slices, with its 95 % interval (jackknife over the pairs)."""
import math, pathlib, random, shutil, statistics, subprocess, sys, tempfile
from submissions import *

SUBMITTERS = EXAMPLES / "submitters"
# DNIs of a slice: more than any server takes in it.
DNIS = 300_000


def cpu_seconds(pid):
    """Seconds of a server in its own code, and in all."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system = int(fields[11]) / os.sysconf("SC_CLK_TCK"), int(fields[12]) / os.sysconf("SC_CLK_TCK")
    return user, user + system


def run_slice(server, clients, seconds, first):
    """Confirmations, and seconds of CPU for them: in the server's own code, and in all."""
    before = cpu_seconds(server.pid())
    out = subprocess.run([str(SUBMITTERS), str(server.port), str(clients), str(seconds), str(first)],
                         capture_output=True, text=True, check=True).stdout.split()
    after, rate, refused = cpu_seconds(server.pid()), float(out[0]), float(out[1])
    if refused or not rate:
        sys.exit(f"{refused:.0f} refused, {rate:.0f} confirmed a second: {server.stderr()[-300:]}")
    return rate * seconds, *(b - a for a, b in zip(before, after))


def ratio_with_interval(pairs, figure):
    """This build's figure by the old one's, and its 95 % interval (Student's t; 2.0 to 2.1 from 20 pairs on)."""
    def ratio(some):
        old, new = (figure([sum(column) for column in zip(*side)]) for side in zip(*some))
        return math.log(new / old)
    whole, n = ratio(pairs), len(pairs)
    others = [ratio(pairs[:at] + pairs[at + 1:]) for at in range(n)]
    mean = statistics.mean(others)
    half = 2.1 * math.sqrt((n - 1) / n * sum((one - mean) ** 2 for one in others))
    return math.exp(whole), math.exp(whole - half), math.exp(whole + half)


def compare(old, options):
    print(f"{'':24} {'before':>8} {'now':>8}  ratio (95 %), of {options.pairs} pairs of {options.seconds} s")
    for runtime in options.runtimes:
        for clients in options.clients:
            with tempfile.TemporaryDirectory(dir=TARGET) as folder:
                servers = [Server(f"{folder}/{name}.db", runtime, ["--per-address", "4096"], program=program)
                           for name, program in (("old", old), ("new", SOCKLAB))]
                pairs = []
                # The first pair warms both up.
                for n in range(options.pairs + 1):
                    first, got = 10_000_000 + n * DNIS % 89_000_000, {}
                    for at in random.sample([0, 1], 2):
                        got[at] = run_slice(servers[at], clients, options.seconds, first)
                    pairs.append((got[0], got[1]))
                for one in servers:
                    one.stop()
            del pairs[0]
            figures = {"a second": lambda one: one[0] / (options.seconds * options.pairs),
                       "user µs each": lambda one: one[1] * 1e6 / one[0], "CPU µs each": lambda one: one[2] * 1e6 / one[0]}
            for what, figure in figures.items():
                before, now = (figure([sum(column) for column in zip(*side)]) for side in zip(*pairs))
                ratio, low, high = ratio_with_interval(pairs, figure)
                print(f"{runtime:9} {clients:3} {what:12} {before:8.1f} {now:8.1f}  {ratio:.3f} ({low:.3f} to {high:.3f})", flush=True)


def instructions(program, count):
    """What a server executes in its own code from its start to its end, for so many submissions of one client."""
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        said = pathlib.Path(folder, "valgrind")
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--log-file={said}"]
        server = Server(f"{folder}/register.db", "mio", prefix=valgrind, program=program)
        for n in range(count):
            answer = submit(server.port, message(f"{10_000_000 + n * 7919:08}"), timeout=60)
            if not answer.startswith("OK"):
                sys.exit(f"not confirmed: {answer}")
        server.stop()
        return int(re.search(r"Collected : (\d+)", said.read_text())[1])


def compare_instructions(old):
    """Instructions of a submission: those of many, less those of few."""
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed")
    few, many = 200, 1200
    each = [(instructions(one, many) - instructions(one, few)) / (many - few) for one in (old, SOCKLAB)]
    print(f"instructions for each: before {each[0]:.0f}, now {each[1]:.0f}, ratio {each[1] / each[0]:.3f}")
