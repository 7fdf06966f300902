"""What the scripts about submissions share: codes, clients, servers, registers. Standard library only; traffic stays on
loopback."""
import hashlib, hmac, os, pathlib, random, re, shutil, socket, sqlite3, struct, subprocess, tempfile, threading, time
from paths import EXAMPLES, ROOT, SOCKLAB, TARGET

RUNTIMES = ["blocking", "async-std", "mio", "tokio"]


def code(dni, at=None):
    """The code of a DNI (RFC 6238, SHA-1, 30 s, 6 digits)."""
    step = int(time.time() if at is None else at) // 30
    mac = hmac.new(dni.encode(), struct.pack(">Q", step), hashlib.sha1).digest()
    low = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[low:low + 4])[0] & 0x7fffffff) % 10**6:06}"


class Server:
    """A submission server of our own, ended by its pid."""

    def __init__(self, register, runtime="blocking", extra=(), prefix=(), port=0, program=SOCKLAB, unread=False):
        # With `unread` standard error is a pipe that is not read any more once the server is ready.
        self.errors, self.pipe = tempfile.TemporaryFile("w+"), None
        if unread:
            self.pipe, write_end = os.pipe()
            os.set_blocking(self.pipe, False)
        command = [*prefix, str(program), "submit", "server", "--lang", "en", "--listen", f":{port}",
                   "--register", str(register), "--runtime", runtime, *extra]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=write_end if unread else self.errors, start_new_session=True)
        if unread:
            os.close(write_end)
        self.port = port
        until = time.time() + 30
        while True:
            found = re.search(r"ready at 127\.0\.0\.1:(\d+)", self.stderr())
            if found:
                self.port = int(found.group(1))
                return
            try:
                if unread:
                    os.write(self.errors.fileno(), os.read(self.pipe, 4096))
            except BlockingIOError:
                pass
            if self.process.poll() is not None or time.time() > until:
                raise RuntimeError(f"no server: {self.stderr()}")
            time.sleep(0.005)

    def stderr(self):
        # Not by seeking: the server writes where the file stands, which is the same place for both.
        return os.pread(self.errors.fileno(), os.fstat(self.errors.fileno()).st_size, 0).decode()

    def pid(self):
        """The server itself, where another program runs it."""
        for child in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            return int(child)
        return self.process.pid

    def kill(self):
        try:
            os.kill(self.pid(), 9)
        except ProcessLookupError:
            pass
        self.process.wait()

    def stop(self):
        try:
            os.kill(self.pid(), 15)
        except ProcessLookupError:
            pass
        return self.process.wait(timeout=30)


def submit(port, message, timeout=20, source=None):
    """What the server answers; nothing if it does not. The lab's own kind of client: it sends once and waits."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=source) as s:
            s.sendall(message)
            parts = []
            while part := s.recv(1024):
                parts.append(part)
            return b"".join(parts).decode()
    except OSError:
        return ""


def message(dni, name="Ana", at=None):
    return f"{name}&{dni}&{code(dni, at)}".encode()


class Submitters:
    """Clients that submit for one fresh DNI after another, until told to stop."""

    def __init__(self, port, clients, first):
        self.port, self.stop, self.lock = port, threading.Event(), threading.Lock()
        self.next, self.confirmed, self.unconfirmed = first, [], []
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]
        for one in self.threads:
            one.start()

    def run(self):
        while not self.stop.is_set():
            with self.lock:
                dni, self.next = f"{self.next:08}", self.next + 1
            at = time.time()
            said = submit(self.port, message(dni, at=at))
            with self.lock:
                (self.confirmed if said.startswith("OK") else self.unconfirmed).append((dni, at, said))
            if not said.startswith("OK"):
                time.sleep(0.002)

    def end(self):
        self.stop.set()
        for one in self.threads:
            one.join()


def recorded(path):
    """The DNIs of a register on SQLite, and what its check says."""
    with sqlite3.connect(path) as db:
        return ({dni for (dni,) in db.execute("SELECT dni FROM submissions")},
                db.execute("PRAGMA integrity_check").fetchone()[0])


class Postgres:
    """A private cluster in a folder of its own, reached by a socket; `None` from `find` where there is none."""

    def __init__(self, programs):
        self.programs, self.folder = programs, tempfile.mkdtemp(prefix="pg")
        os.chmod(self.folder, 0o777)
        self.data = f"{self.folder}/data"
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.up()
        self.run("createdb", "-h", self.folder, "-U", "postgres", "lab")
        self.url = f"postgres://postgres@{self.folder.replace('/', '%2F')}/lab"

    @staticmethod
    def find():
        packaged = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        for folder in [*packaged, *map(pathlib.Path, os.environ["PATH"].split(":"))]:
            if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
                return Postgres(folder)
        print("SKIPPED: this machine has no PostgreSQL")
        return None

    def run(self, program, *arguments):
        who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*who, str(self.programs / program), *arguments], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def up(self):
        self.run("pg_ctl", "-D", self.data, "-l", f"{self.folder}/log", "-w", "-o",
                 f"-c listen_addresses= -c unix_socket_directories={self.folder}", "start")

    def kill(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def ask(self, sql):
        who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return subprocess.run([*who, "psql", "-h", self.folder, "-U", "postgres", "-At", "-c", sql, "lab"],
                              cwd=self.folder, capture_output=True, text=True, check=True).stdout.split()

    def recorded(self):
        return set(self.ask("SELECT dni FROM submissions"))

    def number(self, sql):
        return int(self.ask(sql)[0])

    def end(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
