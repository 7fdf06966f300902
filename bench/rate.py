#!/usr/bin/env python3
"""How many submissions a second are confirmed durably, against one commit for each on the same disk.

    cargo build --release && cargo build --release -p socklab-tests --examples && bench/rate.py [--seconds 4] [--rounds 3]

`batch 1` is the same server with one commit for each submission; ratios are to it. `alone` is a loop that writes the same rows
with the same settings and commits after each, without a network. Medians of interleaved rounds.
"""
import argparse, statistics, sqlite3, subprocess, tempfile, time
from desk import *

SUBMITTERS = TARGET / "release/examples/submitters"


def alone(folder, seconds):
    """One commit for each submission, by the fastest way there is: no network, prepared statements."""
    register = f"{folder}/alone.db"
    Server(register).stop()
    db = sqlite3.connect(register, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")
    begun, n = time.time(), 0
    while time.time() - begun < seconds:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO tallies (dni, ip) VALUES (?, '')", (f"{n:08}",))
        row = db.execute("INSERT INTO attempts (lab, dni, name, ip, port, at, verdict, code) VALUES "
                         "('lab', ?, x'416e61', '127.0.0.1', 1, ?, 'accepted', '123456')", (f"{n:08}", n)).lastrowid
        db.execute("INSERT INTO used VALUES (?, ?)", (n.to_bytes(32), n))
        db.execute("INSERT INTO submissions (lab, dni, attempt) VALUES ('lab', ?, ?)", (f"{n:08}", row))
        db.execute("COMMIT")
        n += 1
    rate = n / (time.time() - begun)
    db.close()
    return rate


def served(register, runtime, clients, seconds, first, servers=1, batch=256):
    many = [Server(register, runtime, ["--per-address", "4096", "--batch", str(batch)])
            for _ in range(servers)]
    try:
        ports = [str(one.port) for one in many]
        out = subprocess.run([str(SUBMITTERS), ports[0], str(clients), str(seconds), str(first), *ports[1:]],
                             capture_output=True, text=True, check=True).stdout.split()
        return [float(one) for one in out]
    finally:
        for one in many:
            one.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures, first = {}, 10_000_000
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        for n in range(options.rounds):
            figures.setdefault(("alone", 1, "one commit each"), []).append([alone(folder, options.seconds), 0, 0, 0])
            for one in pathlib.Path(folder).glob("alone.db*"):
                one.unlink()
            for runtime in RUNTIMES:
                for clients in (64, 256):
                    for batch in (1, 256):
                        got = served(f"{folder}/{runtime}{clients}{n}{batch}.db", runtime, clients, options.seconds, first,
                                     batch=batch)
                        figures.setdefault((f"SQLite, batch {batch}", clients, runtime), []).append(got)
                        first += 1_000_000
    cluster = Postgres.find()
    if cluster:
        try:
            for servers in (1, 2, 4):
                got = served(cluster.url, "mio", 256, options.seconds, first, servers)
                figures[(f"PostgreSQL, {servers} servers", 256, "mio")] = [got]
                first += 1_000_000
        finally:
            cluster.end()
    def rate_of(key):
        return statistics.median(one[0] for one in figures[key])
    print(f"{'register':22} {'clients':>7} {'':15} {'a second':>9} {'ratio':>6} {'refused':>7} {'p50 ms':>8} {'p99 ms':>8}")
    for (register, clients, runtime), all_rounds in figures.items():
        rate, refused, p50, p99 = (statistics.median(one[at] for one in all_rounds) for at in range(4))
        print(f"{register:22} {clients:7} {runtime:15} {rate:9.0f} {rate / rate_of(('SQLite, batch 1', clients, runtime) if 'batch' in register else ('alone', 1, 'one commit each')):6.2f} {refused:7.0f} {p50:8.1f} {p99:8.1f}")


if __name__ == "__main__":
    main()
