#!/usr/bin/env python3
"""Nothing that was confirmed is lost: a submission server under load, and what can happen to it.

    cargo build --profile shipped && bench/crash.py [kill|fsync|full|postgres ...] [--rounds 200]

kill      the server is killed (SIGKILL) at a random moment, again and again, on one register
fsync     each sync of the disk fails for a while (strace injects EIO), then works again
full      the file may not grow any more (ulimit -f, SIGXFSZ), and a small tmpfs is full
postgres  PostgreSQL is killed and started again under load

After each round every confirmation that a client received must be in the register, the register must be whole, and a
retry of what was not confirmed must get the right answer. Exits with 1 when one is not.
"""
import argparse, os, pathlib, random, shutil, signal, subprocess, sys, tempfile, time
from submissions import *

CLIENTS = 16


def retry(port, unconfirmed, dnis, most=40):
    """Sends again what was not confirmed; how many answers were wrong."""
    wrong = 0
    for dni, at, _ in unconfirmed[-most:]:
        if time.time() // 30 - at // 30 > 1 and dni not in dnis:
            continue  # Its code has expired, and it was never recorded.
        said = submit(port, message(dni, at=at))
        expected = "OK already" if dni in dnis else "OK registered"
        if not said.startswith(expected):
            wrong += 1
            if wrong <= 3:
                print(f"  {dni}: {said!r} where {expected!r} was due")
    return wrong


def judge(name, confirmed, dnis, whole, wrong):
    lost = [dni for dni, _, _ in confirmed if dni not in dnis]
    print(f"{name}: confirmed {len(confirmed)}, recorded {len(dnis)}, lost {len(lost)}, "
          f"register {whole}, wrong answers to retries {wrong}", flush=True)
    return not lost and whole == "ok" and not wrong


def killed(rounds):
    with tempfile.TemporaryDirectory() as folder:
        register, first, confirmed, wrong = f"{folder}/register.db", 10_000_000, [], 0
        for n in range(rounds):
            server = Server(register, RUNTIMES[n % len(RUNTIMES)], ["--per-address", "4096"])
            load = Submitters(server.port, CLIENTS, first)
            time.sleep(random.uniform(0.02, 0.5))
            server.kill()
            load.end()
            first = load.next
            confirmed += load.confirmed
            dnis, whole = recorded(register)
            if whole != "ok":
                return judge("kill", confirmed, dnis, whole, wrong)
            server = Server(register, RUNTIMES[n % len(RUNTIMES)])
            wrong += retry(server.port, load.unconfirmed, dnis, 5)
            server.stop()
        dnis, whole = recorded(register)
        return judge(f"kill, {rounds} rounds", confirmed, dnis, whole, wrong)


def fsync_fails():
    if not shutil.which("strace"):
        print("SKIPPED fsync: this machine has no strace")
        return True
    good = True
    for runtime in RUNTIMES:
        with tempfile.TemporaryDirectory() as folder:
            register = f"{folder}/register.db"
            # The first syncs make the file; then some fail, one after the other.
            prefix = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
                      "-e", "inject=fsync,fdatasync:error=EIO:when=200..206"]
            server = Server(register, runtime, prefix=prefix)
            load = Submitters(server.port, CLIENTS, 20_000_000)
            # It tries again once a second, and each try fails while one of its syncs does.
            time.sleep(20)
            load.end()
            said = server.stderr()
            failed, recovered = said.count("the register failed"), said.count("is whole")
            dnis, whole = recorded(register)
            wrong = retry(server.port, load.unconfirmed, dnis)
            server.stop()
            refused = sum("cannot record" in said for _, _, said in load.unconfirmed)
            print(f"fsync on {runtime}: failed {failed}, opened anew {recovered}, told that it cannot record {refused}")
            dnis, whole = recorded(register)
            good &= judge(f"fsync on {runtime}", load.confirmed, dnis, whole, wrong) and failed > 0 and recovered > 0
    return good


def disk_full():
    good = True
    for how in ["ulimit", "tmpfs"]:
        folder = tempfile.mkdtemp()
        try:
            prefix = []
            if how == "ulimit":
                prefix = ["bash", "-c", 'ulimit -f 600; "$@"; exit $?', "bash"]
            elif subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], stderr=subprocess.DEVNULL).returncode:
                print("SKIPPED tmpfs: it cannot be mounted here")
                continue
            register = f"{folder}/register.db"
            server = Server(register, "mio", prefix=prefix)
            load = Submitters(server.port, CLIENTS, 30_000_000)
            time.sleep(8)
            load.end()
            said = server.stderr()
            alive = server.process.poll() is None
            full = said.count("disk is full") + said.count("the register failed")
            refused = sum("cannot record" in said for _, _, said in load.unconfirmed)
            server.stop()
            print(f"full ({how}): said so {full} times, told that it cannot record {refused}, server alive {alive}")
            # Looked at elsewhere, where there is room.
            with tempfile.TemporaryDirectory() as other:
                for one in pathlib.Path(folder).glob("register.db*"):
                    shutil.copy(one, other)
                dnis, whole = recorded(f"{other}/register.db")
            good &= judge(f"full ({how})", load.confirmed, dnis, whole, 0) and alive and full > 0 and refused > 0
        finally:
            subprocess.run(["umount", folder], stderr=subprocess.DEVNULL)
            shutil.rmtree(folder, ignore_errors=True)
    return good


def postgres(rounds):
    cluster = Postgres.find()
    if not cluster:
        return True
    try:
        server = Server(cluster.url, "mio")
        load = Submitters(server.port, CLIENTS, 40_000_000)
        for _ in range(rounds):
            time.sleep(random.uniform(0.3, 1.5))
            cluster.kill()
            time.sleep(random.uniform(0.0, 0.5))
            cluster.up()
        time.sleep(3)
        load.end()
        dnis = cluster.recorded()
        wrong = retry(server.port, load.unconfirmed, dnis)
        server.stop()
        return judge(f"postgres, killed {rounds} times", load.confirmed, cluster.recorded(), "ok", wrong)
    finally:
        cluster.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["kill", "fsync", "full", "postgres"])
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    good = True
    for what in options.what:
        good &= {"kill": lambda: killed(options.rounds), "fsync": fsync_fails, "full": disk_full,
                 "postgres": lambda: postgres(max(3, options.rounds // 10))}[what]()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
