#!/usr/bin/env python3
"""How many submissions a second are confirmed durably, against one commit for each on the same disk, and what limits it.

    cargo build --profile shipped && cargo build --profile shipped -p socklab-tests --examples
    bench/rate.py [--seconds 3] [--rounds 3] [--sync-delay 0,1,5] [--only sqlite|postgres]
    bench/rate.py --before OLD_SOCKLAB [--seconds 1] [--pairs 20] [--runtimes mio] [--clients 1,64] [--instructions]

`--batch 1` is the same server with one commit for each submission; a ratio is to it, within a round, in which the two run
one after the other. `alone` is a loop that writes the same rows with the same settings and commits after each, without a
network. `--sync-delay` has each sync of the server take so many milliseconds longer (bench/slow_sync.c), as on other disks.
Medians of the rounds. With `--before`, a server of this build against one of an older build (bench/old_build.py).

CPU is in microseconds for each submission: of the thread that writes, of the rest of the server, of the load. The writer's time
is on a core, waiting for a core (queue), waiting for the disk (sync), or left over: waiting for submissions, or for PostgreSQL.
"""
import argparse, pathlib, resource, sqlite3, statistics, subprocess, sys, tempfile, time
import old_build
from submissions import *

SUBMITTERS = EXAMPLES / "submitters"
COLUMNS = ["rate", "refused", "p50", "p99", "writer", "rest", "load", "core", "sync", "queue", "left"]


class SlowSyncs:
    """Syncs that take longer, and are counted."""

    def __init__(self, folder):
        self.library, self.log = f"{folder}/slow_sync.so", f"{folder}/syncs"
        source = pathlib.Path(__file__).with_name("slow_sync.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.library, str(source)], check=True)

    def prefix(self, delay):
        return ["env", f"LD_PRELOAD={self.library}", f"SLOW_SYNC_US={round(delay * 1000)}", f"SLOW_SYNC_LOG={self.log}"]

    def waited(self):
        """Seconds in which syncs only waited for the disk."""
        return int(pathlib.Path(self.log).read_text().split()[2]) / 1e9


class ServerUsage:
    """What a server has used: seconds of its writer on a core and waiting for one, and of all its threads."""

    def __init__(self, pid):
        self.writer = self.queue = 0.0
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                if (task / "comm").read_text().strip() == "register":
                    on_core, waiting, _ = (task / "schedstat").read_text().split()
                    self.writer, self.queue = int(on_core) / 1e9, int(waiting) / 1e9
            except (FileNotFoundError, ProcessLookupError):
                pass
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        self.all = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone(folder, seconds, delay, slow):
    """One commit for each submission, by the fastest way there is: no network, prepared statements."""
    register = f"{folder}/alone.db"
    Server(register).stop()
    script = [sys.executable, __file__, "--alone", register, "--seconds", str(seconds)]
    rate = float(subprocess.run([*slow.prefix(delay), *script], capture_output=True, text=True, check=True).stdout)
    for one in pathlib.Path(folder).glob("alone.db*"):
        one.unlink()
    return {"rate": rate}


def commit_each(register, seconds):
    db = sqlite3.connect(register, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")
    begun, n = time.time(), 0
    while time.time() - begun < seconds:
        db.execute("BEGIN IMMEDIATE")
        row = db.execute("INSERT INTO attempts (lab, dni, name, ip, port, at, verdict, code) VALUES "
                         "('lab', ?, x'416e61', '127.0.0.1', 1, ?, 'accepted', '123456')", (f"{n:08}", n)).lastrowid
        db.execute("INSERT INTO used VALUES (?, ?)", (n.to_bytes(32), n))
        db.execute("INSERT INTO submissions (lab, dni, attempt) VALUES ('lab', ?, ?)", (f"{n:08}", row))
        db.execute("COMMIT")
        n += 1
    print(n / (time.time() - begun))


def measure_servers(register, runtime, clients, seconds, first, servers=1, batch=256, delay=0, slow=None):
    """What clients see of servers on a register, and what it costs."""
    prefix = slow.prefix(delay) if slow else ()
    many = [Server(register, runtime, ["--per-address", "4096", "--batch", str(batch)], prefix) for _ in range(servers)]
    try:
        ports = [str(one.port) for one in many]
        before, load = [ServerUsage(one.pid()) for one in many], resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.time()
        out = subprocess.run([str(SUBMITTERS), ports[0], str(clients), str(seconds), str(first), *ports[1:]],
                             capture_output=True, text=True, check=True).stdout.split()
        took = time.time() - begun
        after, loaded = [ServerUsage(one.pid()) for one in many], resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        for one in many:
            one.stop()
    got = dict(zip(COLUMNS, map(float, out)))
    used = {key: sum(getattr(b, key) - getattr(a, key) for a, b in zip(before, after)) for key in ("writer", "queue", "all")}
    each = 1e6 / max(got["rate"] * took, 1)
    got["writer"], got["rest"] = used["writer"] * each, (used["all"] - used["writer"]) * each
    got["load"] = (loaded.ru_utime + loaded.ru_stime - load.ru_utime - load.ru_stime) * each
    if servers == 1:
        got["core"], got["queue"] = 100 * used["writer"] / took, 100 * used["queue"] / took
        got["sync"] = 100 * slow.waited() / took if slow else 0
        got["left"] = max(0, 100 - got["core"] - got["queue"] - got["sync"])
    return got


class Table:
    """Figures by what was measured, one for each round."""

    def __init__(self):
        self.rounds = {}

    def add(self, key, got, against=None):
        reference = self.rounds[against][-1] if against else None
        got["ratio"] = got["rate"] / reference["rate"] if reference else None
        self.rounds.setdefault(key, []).append(got)
        print(f"  {' '.join(map(str, key))}: {got['rate']:.0f}", file=sys.stderr, flush=True)

    def show(self):
        print(f"{'':24} {'sync':>5} {'clients':>7} {'':9} {'a second':>8} {'ratio':>6} {'refused':>7} {'p50 ms':>7} {'p99 ms':>7}"
              f" | {'CPU writer':>10} {'rest':>5} {'load':>5} | {'on core':>7} {'sync':>5} {'queue':>5} {'left %':>6}")
        for (name, delay, clients, runtime), rounds in self.rounds.items():
            def median(column, shape):
                values = [one[column] for one in rounds if one.get(column) is not None]
                return format(statistics.median(values), shape) if values else " " * int(re.match(r"\d+", shape)[0])
            print(f"{name:24} {'+%g' % delay:>5} {clients:7} {runtime:9} {median('rate', '8.0f')} {median('ratio', '6.2f')}"
                  f" {median('refused', '7.0f')} {median('p50', '7.1f')} {median('p99', '7.1f')}"
                  f" | {median('writer', '10.1f')} {median('rest', '5.1f')} {median('load', '5.1f')}"
                  f" | {median('core', '7.0f')} {median('sync', '5.0f')} {median('queue', '5.0f')} {median('left', '6.0f')}")


def on_sqlite(table, folder, options, slow):
    first = 10_000_000
    for n in range(options.rounds):
        for delay in options.sync_delay:
            table.add(("SQLite, alone", delay, 1, ""), alone(folder, options.seconds, delay, slow))
            for runtime in RUNTIMES:
                for clients in (64, 256):
                    for batch in (1, 256):
                        register = f"{folder}/{runtime}{clients}{batch}.db"
                        got = measure_servers(register, runtime, clients, options.seconds, first, batch=batch, delay=delay, slow=slow)
                        one_each = ("SQLite, --batch 1", delay, clients, runtime)
                        key, against = (one_each, None) if batch == 1 else (("SQLite", delay, clients, runtime), one_each)
                        table.add(key, got, against)
                        first = 10_000_000 + (first - 9_000_000) % 90_000_000  # DNIs have eight digits
                        for one in pathlib.Path(folder).glob("*.db*"):
                            one.unlink()


def on_postgres(table, options):
    cluster = Postgres.find()
    if not cluster:
        return
    first = 10_000_000
    try:
        for n in range(options.rounds):
            for servers, batch in ((1, 1), (1, 256), (2, 256), (4, 256)):
                got = measure_servers(cluster.url, "mio", 256, options.seconds, first, servers, batch)
                one_each = ("PostgreSQL, --batch 1", 0, 256, "mio")
                key = one_each if batch == 1 else (f"PostgreSQL, {servers} server{'s' * (servers > 1)}", 0, 256, "mio")
                table.add(key, got, None if batch == 1 else one_each)
                first = 10_000_000 + (first - 9_000_000) % 90_000_000  # DNIs have eight digits
    finally:
        cluster.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sync-delay", default="0", type=lambda text: [float(one) for one in text.split(",")],
                        help="milliseconds, or several of them: 0,1,5")
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--before", type=pathlib.Path, help="the socklab of an older build")
    parser.add_argument("--pairs", type=int, default=20, help="with --before: pairs of slices")
    parser.add_argument("--runtimes", default="mio", type=lambda text: text.split(","), help="with --before")
    parser.add_argument("--clients", default="1,64", type=lambda text: [int(one) for one in text.split(",")],
                        help="with --before")
    parser.add_argument("--instructions", action="store_true", help="with --before: count them, with valgrind")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.seconds = options.seconds or (1 if options.before else 3)
    if options.before:
        if options.instructions:
            old_build.compare_instructions(options.before)
        return old_build.compare(options.before, options)
    if options.alone:
        return commit_each(options.alone, options.seconds)
    table = Table()
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        if options.only != "postgres":
            on_sqlite(table, folder, options, SlowSyncs(folder))
        if options.only != "sqlite":
            on_postgres(table, options)
    table.show()


if __name__ == "__main__":
    main()
