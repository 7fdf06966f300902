#!/usr/bin/env python3
"""What it costs to watch: throughput with the observer on, and instructions with it off.

    cargo build --profile shipped && bench/observing.py [--rounds 9] [--seconds 1]

On: `compare` with its counting and without it, in turn, for each model; the median of the ratios of replies a second and of CPU time
for each reply. Off: instructions for each echo reply (valgrind's callgrind) of this program, and of a copy of its sources from which
every trace of observers is cut out of the pump and the drivers' operations. The copy is built anew, which takes some minutes.
"""
import argparse, json, os, pathlib, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time
from paths import PROFILE, ROOT, SOCKLAB, TARGET


def rate(folder, exercise, model, seconds, extra):
    result = pathlib.Path(folder) / "result.json"
    subprocess.run([str(SOCKLAB), "compare", exercise, "--quiet", "--models", model, "--connections", "64", "--rounds", "1",
                    "--seconds", str(seconds), "--json", str(result), "--report", str(pathlib.Path(folder) / "x.html"),
                    *extra], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    trial = json.loads(result.read_text())["results"]["trials"][0]
    used = trial["server"]
    return trial["replies"] / trial["seconds"], (used["user"] + used["system"]) / trial["replies"]


def on(options):
    print(f"{'exercise':9} {'model':10} {'rate':>6} {'CPU':>6}   (observed, as a ratio to unobserved; medians)")
    with tempfile.TemporaryDirectory() as folder:
        for exercise in options.exercises.split(","):
            for model in options.models.split(","):
                ratios = []
                for n in range(options.rounds):
                    pair = {}
                    for extra in ([], ["--unobserved"])[:: 1 if n % 2 else -1]:
                        pair[bool(extra)] = rate(folder, exercise, model, options.seconds, extra)
                    ratios.append([pair[False][at] / pair[True][at] for at in (0, 1)])
                faster, dearer = (statistics.median(one[at] for one in ratios) for at in (0, 1))
                print(f"{exercise:9} {model:10} {faster:6.3f} {dearer:6.3f}", flush=True)


def without_observers(folder):
    """A copy of the sources without them, built."""
    copy = pathlib.Path(folder) / "copy"
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)

    def cut(name, pattern, instead):
        text, n = re.subn(pattern, instead, (copy / name).read_text(), flags=re.S)
        if n != 1:
            sys.exit(f"{name} is not as this script knows it")
        (copy / name).write_text(text)

    cut("core/src/pump.rs", r"if !O::STEPS \{(.*?)\} else \{.*?\n        \}\n", r"\1\n")
    cut("system/src/observed.rs", r"(pub fn timed<.*?\{)\n.*?\n\}\n", r"\1\n    let _ = (clock, kind);\n    (call(), None)\n}\n")
    subprocess.run(["cargo", "build", "--profile", PROFILE, "-p", "socklab"], cwd=copy, check=True,
                   env={**os.environ, "CARGO_TARGET_DIR": str(TARGET / "unobserved"), "RUSTFLAGS": "-A warnings"})
    return TARGET / "unobserved" / PROFILE / "socklab"


def instructions(program, model, replies, folder):
    """Of a server that gives so many replies."""
    out = pathlib.Path(folder) / "callgrind"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", str(program), "echo", "server", "--quiet",
                               "--keep-serving", "--listen", f":{port}", "--runtime", model],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        s.connect(("127.0.0.1", port))
        for _ in range(300):
            try:
                s.send(b"up?")
                s.recv(64)
                break
            except OSError:
                time.sleep(0.1)
        s.settimeout(10)
        for _ in range(replies):
            s.send(b"hola, servidor de mayusculas 123")
            s.recv(64)
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=60)
    return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M).group(1))


def off():
    few, many = 2000, 12000
    with tempfile.TemporaryDirectory() as folder:
        bare = without_observers(folder)
        print(f"{'model':10} {'ours':>8} {'without':>8} {'ratio':>7}   (instructions for each echo reply, observers off)")
        for model in ("blocking", "mio"):
            ours, its = ((instructions(one, model, many, folder) - instructions(one, model, few, folder)) / (many - few)
                         for one in (SOCKLAB, bare))
            print(f"{model:10} {ours:8.0f} {its:8.0f} {ours / its:7.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--exercises", default="echo,welcome")
    parser.add_argument("--models", default="blocking,async-std,mio,tokio")
    parser.add_argument("--only", choices=["on", "off"])
    options = parser.parse_args()
    if options.only != "off":
        on(options)
    if options.only != "on":
        off()


if __name__ == "__main__":
    main()
