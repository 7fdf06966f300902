#!/usr/bin/env python3
"""Ten thousand malformed messages and two hundred dripping peers, while honest students submit.

    cargo build --profile shipped && bench/hostile.py [--messages 10000]

On each runtime every honest student must be confirmed within a second, and the server's memory must stay flat. Exits
with 1 otherwise.
"""
import argparse, itertools, pathlib, random, resource, socket, statistics, sys, tempfile, threading, time
from submissions import *

HONEST_WITHIN = 1.0
DRIPPING = 200

BOM, BIDI = b"\xef\xbb\xbf", "\u202e\u2066\u200b".encode()


def malformed(n):
    """One of many wrong messages, and what to do after it: wait, half-close, close, reset, or stay."""
    dni, right = f"{70_000_000 + n:08}", code(f"{70_000_000 + n:08}")
    bodies = [
        b"", b"&", b"&&", b"\n", b"\x00" * 20, b"hola", BOM, b"Ana&123456\n", b"Ana&12345&123456\n",
        f"Ana&{dni}Z&{right}".encode(), f"&{dni}&{right}\n".encode(), f"An\0a&{dni}&{right}".encode(),
        f"Ana&{dni}&".encode() + "１２３４５６".encode() + b"\n", "Ana&１２３４５６７８&123456\n".encode(),
        b"A" * 513 + f"&{dni}&{right}\n".encode(), b"A" * 5000, b"&" * 2000, random.randbytes(300),
        BIDI + f"&{dni}&000000".encode(), BOM + f"A&B&{dni}&111111".encode(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200), f"Ana&{dni}&12345".encode(),
        b"Ana;" + dni.encode() + b";" + right.encode() + b"\n", b"\xff\xfe" + f"Ana&{dni}&{right[:5]}".encode("utf-16-le"),
    ]
    return bodies[n % len(bodies)], ["wait", "half", "close", "reset"][n // len(bodies) % 4]


def attack(port, numbers):
    for n in numbers:
        body, then = malformed(n)
        source = (f"127.0.{1 + n % 50}.{1 + n % 199}", 0)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=12, source_address=source) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # Whole, byte by byte, or cut at a place of its own.
                cut = n % (len(body) + 1)
                pieces = [[body], [body[:cut], body[cut:]], [bytes([one]) for one in body[:40]]][n % 3]
                for piece in pieces:
                    s.sendall(piece)
                if then == "reset":
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                elif then == "half" or then == "wait" and n % 7:
                    s.shutdown(socket.SHUT_WR)
                    s.recv(1024)
                elif then == "wait":
                    s.settimeout(0.05)
                    s.recv(1024)
        except OSError:
            pass


def drip(port, stop):
    """Each sends a byte a second, and comes again when it is sent away."""
    peers = {}
    while not stop.is_set():
        begun = time.time()
        for n in range(DRIPPING):
            try:
                if n not in peers:
                    peers[n] = socket.create_connection(("127.0.0.1", port), timeout=2,
                                                        source_address=(f"127.0.{60 + n // 100}.{1 + n % 100}", 0))
                peers[n].send(b"a")
            except OSError:
                peers.pop(n, None)
        stop.wait(max(0.0, 1 - (time.time() - begun)))
    for one in peers.values():
        one.close()


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


def under_fire(runtime, messages):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(f"{folder}/register.db", runtime)
        stop, waits, wrong = threading.Event(), [], []

        def students():
            for n in itertools.count():
                if stop.is_set():
                    return
                begun = time.time()
                said = submit(server.port, message(f"{80_000_000 + n:08}", "Ana García"))
                waits.append(time.time() - begun)
                if not said.startswith("OK"):
                    wrong.append(said)
                time.sleep(0.02)

        def warm_up():
            attack(server.port, range(1000))
        dripping = threading.Thread(target=drip, args=(server.port, stop))
        dripping.start()
        warm_up()
        time.sleep(1)
        before, most = memory(server.pid()), 0
        honest = threading.Thread(target=students)
        honest.start()
        attackers = [threading.Thread(target=attack, args=(server.port, range(1000 + k, 1000 + messages, 8))) for k in range(8)]
        for one in attackers:
            one.start()
        while any(one.is_alive() for one in attackers):
            most = max(most, memory(server.pid()))
            time.sleep(0.1)
        # Too many from one address are told so, at once.
        crowd = []
        for _ in range(300):
            crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=5, source_address=("127.0.99.1", 0)))
        busy = 0
        for one in crowd:
            one.settimeout(0.02)
            try:
                busy += one.recv(1024).startswith(b"ERROR")
            except OSError:
                pass
        for one in crowd:
            one.close()
        stop.set()
        honest.join()
        dripping.join()
        time.sleep(0.5)
        after = memory(server.pid())
        ended = server.stop()
        waits.sort()
        print(f"{runtime:10} honest {len(waits)}, refused {len(wrong)}, slowest {waits[-1] * 1e3:.0f} ms, median "
              f"{statistics.median(waits) * 1e3:.0f} ms; memory before {before} KiB, most {most}, after {after}; "
              f"turned away {busy} of 300 from one address; exit {ended}", flush=True)
        for said in wrong[:3]:
            print(f"  {said!r}")
        flat = most < before * 1.25 + 4096
        return not wrong and waits[-1] < HONEST_WITHIN and flat and 40 <= busy <= 60 and ended == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    results = [under_fire(runtime, options.messages) for runtime in RUNTIMES]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
