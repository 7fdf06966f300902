"""`rate.py --before OLD`: whether a change costs submissions anything. Both servers are up all the time, each on a
register of its own, and one of them is loaded at a time, in short slices in a random order: what disturbs the machine
disturbs both.

A ratio is this build's figure by the old one's, the geometric mean over the pairs of slices, with its 95 % interval."""
import math, pathlib, random, shutil, signal, statistics, subprocess, sys, tempfile, time
from desk import *

SUBMITTERS = EXAMPLES / "submitters"
# DNIs of a slice: more than any server takes in it.
DNIS = 300_000


def used(pid):
    """Seconds of a server in its own code, and in all."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system = int(fields[11]) / os.sysconf("SC_CLK_TCK"), int(fields[12]) / os.sysconf("SC_CLK_TCK")
    return user, user + system


def slice_of(server, clients, seconds, first):
    """Confirmations a second, and microseconds of CPU for each: in the server's own code, and in all."""
    before = used(server.pid())
    out = subprocess.run([str(SUBMITTERS), str(server.port), str(clients), str(seconds), str(first)],
                         capture_output=True, text=True, check=True).stdout.split()
    after, rate, refused = used(server.pid()), float(out[0]), float(out[1])
    if refused or not rate:
        sys.exit(f"{refused:.0f} refused, {rate:.0f} confirmed a second: {server.said()[-300:]}")
    return rate, *((b - a) * 1e6 / (rate * seconds) for a, b in zip(before, after))


def interval(ratios):
    """The geometric mean and its 95 % interval (Student's t; at 20 pairs and more, 2.0 to 2.1)."""
    logs = [math.log(one) for one in ratios]
    mean, half = statistics.mean(logs), 2.1 * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def compared(old, options):
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
                        got[at] = slice_of(servers[at], clients, options.seconds, first)
                    pairs.append((got[0], got[1]))
                for one in servers:
                    one.stop()
            for at, what in enumerate(("a second", "user µs each", "CPU µs each")):
                before, now = ([pair[side][at] for pair in pairs[1:]] for side in (0, 1))
                ratio, low, high = interval([b / a for a, b in zip(before, now)])
                print(f"{runtime:9} {clients:3} {what:12} {statistics.median(before):7.1f} {statistics.median(now):8.1f}"
                      f"  {ratio:.3f} ({low:.3f} to {high:.3f})", flush=True)


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


def counted(old):
    """Instructions of a submission: those of many, less those of few."""
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed")
    few, many = 200, 1200
    each = [(instructions(one, many) - instructions(one, few)) / (many - few) for one in (old, SOCKLAB)]
    print(f"instructions for each: before {each[0]:.0f}, now {each[1]:.0f}, ratio {each[1] / each[0]:.3f}")
