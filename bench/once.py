#!/usr/bin/env python3
"""A code counts once: eight programs submit the same code at the same moment to two servers on one register.

    cargo build --profile shipped && bench/once.py [--rounds 1000]

On SQLite and on PostgreSQL. In each round exactly one is registered and seven are told that it is already; at the end
there is exactly one row for each. Exits with 1 otherwise.
"""
import argparse, multiprocessing, sqlite3, sys, tempfile, time
from submissions import *

PROGRAMS = 8


def program(number, ports, barrier, rounds, first, answers):
    for n in range(rounds):
        dni = f"{first + n:08}"
        barrier.wait()
        # All send the same code, also at the turn of a step.
        said = submit(ports[number % len(ports)], message(dni, at=time.time() // 30 * 30))
        answers.put((n, said))


def race(place, register, rounds, count):
    servers = [Server(register, runtime) for runtime in ("blocking", "mio")]
    barrier, answers = multiprocessing.Barrier(PROGRAMS), multiprocessing.Queue()
    ports = [one.port for one in servers]
    programs = [multiprocessing.Process(target=program, args=(n, ports, barrier, rounds, 50_000_000, answers))
                for n in range(PROGRAMS)]
    for one in programs:
        one.start()
    said = [[] for _ in range(rounds)]
    for _ in range(rounds * PROGRAMS):
        n, answer = answers.get()
        said[n].append(answer)
    for one in programs:
        one.join()
    for one in servers:
        one.stop()
    good = 0
    for n, some in enumerate(said):
        first = sum(one.startswith("OK registered") for one in some)
        again = sum(one.startswith("OK already") for one in some)
        # Where the step turned between two programs, there were two codes, each of which counts once.
        if first >= 1 and first + again == PROGRAMS and (first == 1 or first == 2):
            good += 1
        else:
            print(f"  round {n}: {some}")
    two = sum(sum(one.startswith("OK registered") for one in some) == 2 for some in said)
    attempts, submissions = count()
    fine = good == rounds and submissions == rounds and attempts == rounds + two
    print(f"{place}: {rounds} rounds of {PROGRAMS}, one winner each in {good} "
          f"({two} at the turn of a step), submissions {submissions}, accepted rows {attempts}")
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/register.db"

        def count():
            with sqlite3.connect(path) as db:
                return (db.execute("SELECT count(*) FROM attempts WHERE code IS NOT NULL").fetchone()[0],
                        db.execute("SELECT count(*) FROM submissions").fetchone()[0])
        good &= race("SQLite", path, options.rounds, count)
    cluster = Postgres.find()
    if cluster:
        try:
            def count():
                return tuple(cluster.number(f"SELECT count(*) FROM {what}")
                             for what in ("attempts WHERE code IS NOT NULL", "submissions"))
            good &= race("PostgreSQL", cluster.url, options.rounds, count)
        finally:
            cluster.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
