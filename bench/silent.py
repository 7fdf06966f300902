#!/usr/bin/env python3
"""Peers that are silent, and a lecturer's terminal that nobody reads, while honest students submit.

    cargo build --profile shipped && bench/silent.py [--seconds 10] [--runtimes mio] [--descriptors 1024]

Silent peers: a program connects as often as it is let in, up to more connections than the server may have descriptors, says
nothing, and connects again when it is closed; to the plain port or to that of TLS, from 1 address and from 200. Unread: standard
error is a pipe that is never read, with one submission after another.

Meanwhile an honest student submits every 50 ms, from an address of their own, plainly and encrypted in turn. Every one of them
must be confirmed within a second, and the server must end within a second of SIGTERM. Exits with 1 otherwise.
"""
import argparse, pathlib, resource, selectors, ssl, subprocess, sys, tempfile, threading, time
from submissions import *

HONEST_WITHIN = ENDS_WITHIN = 1.0


class SilentPeers:
    """Connections of which none says anything, held open by one thread."""

    def __init__(self, port, sources, most):
        self.port, self.sources, self.most = port, sources, most
        self.held, self.closed, self.stop = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        waiting, made = selectors.DefaultSelector(), 0
        while not self.stop.is_set():
            for _ in range(min(100, self.most - self.held)):
                peer = socket.socket()
                peer.setblocking(False)
                peer.bind((self.sources[made % len(self.sources)], 0))
                made += 1
                peer.connect_ex(("127.0.0.1", self.port))
                waiting.register(peer, selectors.EVENT_READ)
                self.held += 1
            for key, _ in waiting.select(0.02):
                try:
                    ended = not key.fileobj.recv(1024)
                except OSError:
                    ended = True
                if ended:
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()
                    self.held, self.closed = self.held - 1, self.closed + 1
        for key in list(waiting.get_map().values()):
            key.fileobj.close()

    def end(self):
        self.stop.set()
        self.thread.join()


def submit_over_tls(port, body, source, trust):
    """What the server answers behind TLS; nothing if it does not."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=source) as plain:
            with trust.wrap_socket(plain, server_hostname="localhost") as s:
                s.sendall(body)
                parts = []
                while part := s.recv(1024):
                    parts.append(part)
                return b"".join(parts).decode()
    except OSError:
        return ""


def usage(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    number = lambda word: int(re.search(rf"{word}:\s*(\d+)", status)[1])
    return len(os.listdir(f"/proc/{pid}/fd")), number("Threads"), number("VmRSS")


def submit_honestly(server, secure, trust, seconds, first):
    """How long each student waited, and the answers that were no confirmation; and the most that the server used."""
    waits, wrong, most, until, n = [], [], (0, 0, 0), time.time() + seconds, 0
    while time.time() < until:
        dni, source = f"{first + n:08}", (f"127.0.99.{1 + n % 200}", 0)
        begun = time.time()
        said = submit_over_tls(secure, message(dni), source, trust) if n % 2 else submit(server.port, message(dni), source=source)
        waits.append(time.time() - begun)
        if not said.startswith("OK"):
            wrong.append(said)
        most = tuple(map(max, most, usage(server.pid())))
        n += 1
        time.sleep(0.05)
    return waits, wrong, most


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run_trial(folder, runtime, options, what):
    """One server, with what disturbs it; `what` is its name, and begins and ends it."""
    name, disturb = what
    plain, secure, register = free_port(), free_port(), f"{folder}/{runtime}-{name.replace(' ', '-').replace(',', '')}.db"
    unread = name == "unread"
    server = Server(register, runtime, ["--tls", f"{folder}/cert.pem", f"{folder}/key.pem", "--tls-listen", f"127.0.0.1:{secure}"],
                    ["bash", "-c", f'ulimit -n {options.descriptors}; exec "$@"', "x"], plain, unread=unread)
    # Which of its two ports it says first is left to chance.
    server.port = plain
    trust = ssl.create_default_context(cafile=f"{folder}/cert.pem")
    submit_honestly(server, secure, trust, 0.5, 70_000_000)
    _, _, before = usage(server.pid())
    size = pathlib.Path(register).stat().st_size
    disturbing = disturb(server, secure)
    time.sleep(1)
    waits, wrong, (descriptors, threads, memory) = submit_honestly(server, secure, trust, options.seconds, 71_000_000)
    held = getattr(disturbing, "held", 0)
    begun = time.time()
    ended = server.stop()
    took = time.time() - begun
    disturbing.end()
    grown = pathlib.Path(register).stat().st_size - size
    print(f"{runtime:9} {name:24} {held:5} {len(waits):6} {len(wrong):7} {max(waits) * 1e3:10.0f} {descriptors:11} {threads:7} "
          f"{before:7}, {memory:7} {grown // 1024:8} {took * 1e3:8.0f}", flush=True)
    for said in wrong[:3]:
        print(f"    {said!r}")
    return not wrong and max(waits) < HONEST_WITHIN and ended == 0 and took < ENDS_WITHIN


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--runtimes", default=RUNTIMES, type=lambda text: text.split(","))
    parser.add_argument("--descriptors", type=int, default=1024, help="that the server may have")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    def silent(secured, addresses):
        sources = [f"127.0.2.{1 + n}" for n in range(addresses)]
        return (f"silent, {addresses:3} at {'TLS' if secured else 'plain'}",
                lambda server, secure: SilentPeers(secure if secured else server.port, sources, options.descriptors + 100))

    trials = [silent(secured, addresses) for secured in (False, True) for addresses in (1, 200)]
    trials.append(("unread", lambda server, _: Submitters(server.port, 8, 72_000_000)))
    print(f"{'runtime':9} {'what':24} {'held':>5} {'honest':>6} {'refused':>7} {'slowest ms':>10} {'descriptors':>11} {'threads':>7} "
          f"{'memory before, most KiB':>16} {'grew KiB':>8} {'ended ms':>8}")
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
                       check=True, stderr=subprocess.DEVNULL)
        os.chmod(f"{folder}/key.pem", 0o600)
        results = [run_trial(folder, runtime, options, one) for runtime in options.runtimes for one in trials]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
