#!/usr/bin/env python3
"""A stranger invents DNIs as fast as the server answers, while honest students submit.

    cargo build --profile shipped && bench/strangers.py [--seconds 10]

From one address with wrong codes, from one with right ones (which anybody can make whose secret is the DNI), and from 200
addresses; with everybody admitted, with a roster, and with random secrets. Every honest student must be confirmed within a
second, and the register and the server's memory may grow by little. Exits with 1 otherwise.
"""
import argparse, base64, pathlib, re, subprocess, sys, tempfile, threading, time
from submissions import *

HONEST_WITHIN = 1.0
CLIENTS = 16
# What honest students and counts leave in the register, and what an address may with wrong and with right codes where everybody
# is admitted: 100 and 1,000 rows at once, each with up to 512 bytes of name.
BYTES, BYTES_WRONG, BYTES_RIGHT = 300_000, 150_000, 1_500_000


class Flood:
    """Clients that submit for one invented DNI after another, with a name as long as may be."""

    def __init__(self, port, right, sources):
        self.port, self.right, self.sources = port, right, sources
        self.stop, self.sent, self.answers = threading.Event(), 0, {}
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(CLIENTS)]
        for one in self.threads:
            one.start()

    def run(self, n):
        while not self.stop.is_set():
            with self.lock:
                self.sent += 1
                number = self.sent
            dni = f"{40_000_000 + number:08}"
            otp = code(dni) if self.right else "000000"
            source = self.sources[number % len(self.sources)]
            said = submit(self.port, f"{'A' * 512}&{dni}&{otp}".encode(), source=(source, 0))
            kind = " ".join(said.split()[:3])
            with self.lock:
                self.answers[kind] = self.answers.get(kind, 0) + 1

    def end(self):
        self.stop.set()
        for one in self.threads:
            one.join()


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


def prepare_server(folder, mode, students):
    """A register and the options for a mode, and what an honest student sends."""
    register = f"{folder}/register.db"
    if mode == "everybody":
        return register, [], lambda dni: message(dni)
    roster = pathlib.Path(folder, "class.csv")
    roster.write_text("dni,name\n" + "".join(f"{dni},Ana\n" for dni in students))
    if mode == "roster":
        return register, ["--roster", str(roster)], lambda dni: message(dni)
    sheet = f"{folder}/cards.html"
    for words in (["roster", str(roster)], ["enrol", "--all", "--sheet", sheet]):
        subprocess.run([str(SOCKLAB), "register", *words, "--register", register], check=True, capture_output=True)
    cards = re.findall(r"<br>(\d+)<br>.*?<code>(\w+)=*</code>", pathlib.Path(sheet).read_text(), re.S)
    secrets = {dni: base64.b32decode(secret + "=" * (-len(secret) % 8)) for dni, secret in cards}

    def with_secret(dni):
        step = int(time.time()) // 30
        mac = hmac.new(secrets[dni], struct.pack(">Q", step), hashlib.sha1).digest()
        low = mac[-1] & 15
        otp = (struct.unpack(">I", mac[low:low + 4])[0] & 0x7fffffff) % 10**6
        return f"Ana&{dni}&{otp:06}".encode()
    return register, ["--secret", "random"], with_secret


def run_flood(mode, right, addresses, seconds):
    students = [f"{80_000_000 + n}" for n in range(seconds * 20)]
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        register, options, honest = prepare_server(folder, mode, students)
        server = Server(register, "mio", options)
        # The first submission makes what every later one uses.
        submit(server.port, honest(students[0]))
        size, before = pathlib.Path(register).stat().st_size, memory(server.pid())
        flood = Flood(server.port, right, [f"127.0.{2 + n // 200}.{1 + n % 200}" for n in range(addresses)])
        waits, wrong, until = [], [], time.time() + seconds
        for n, dni in enumerate(students[1:]):
            if time.time() > until:
                break
            begun = time.time()
            said = submit(server.port, honest(dni), source=(f"127.0.99.{1 + n % 200}", 0))
            waits.append(time.time() - begun)
            if not said.startswith("OK"):
                wrong.append(said)
            time.sleep(0.05)
        most = memory(server.pid())
        flood.end()
        ended = server.stop()
        grown = pathlib.Path(register).stat().st_size - size
        print(f"{mode}, {'right' if right else 'wrong'} codes, {addresses} address{'es' * (addresses > 1)}: "
              f"{flood.sent} invented DNIs in {seconds} s; honest {len(waits)}, refused {len(wrong)}, slowest "
              f"{max(waits) * 1e3:.0f} ms; register grew by {grown // 1024} KiB, memory from {before} to {most} KiB", flush=True)
        for kind, count in sorted(flood.answers.items(), key=lambda one: -one[1])[:4]:
            print(f"    {count} x {kind}")
        for said in wrong[:3]:
            print(f"  {said!r}")
        each = (BYTES_RIGHT if right else BYTES_WRONG) if mode == "everybody" else 0
        small = grown <= BYTES + each * addresses and most < before * 1.25 + 8192
        return not wrong and max(waits) < HONEST_WITHIN and small and ended == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    results = [
        run_flood(mode, right, addresses, options.seconds)
        for mode in ("everybody", "roster", "random")
        for right, addresses in ((False, 1), (True, 1), (False, 200))
    ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
