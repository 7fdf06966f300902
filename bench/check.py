#!/usr/bin/env python3
"""Right programs pass `socklab check` every time, on a busy computer too.

    cargo build --profile shipped && bench/check.py [--all 20] [--each 100]

Checks each program of a practical once, which must take less than ten seconds. Then it keeps every core busy and checks the
whole practical again and again, and both ends of echo, chat and submit. Exits with 1 if one of them did not pass.
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

HOME = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 10.0

# The right programs of a practical, under the names that they have there.
RIGHT = HOME / "check/tests/bugs/cures"


def failures(report):
    """What did not pass, in a line each."""
    for one in report.get("scenarios", []):
        if one["result"] != "passed":
            yield f"{report['program']} {one['name']}: {one['result']} {one['symptom']} {one['cause']} {one['steps']}"


def check(socklab, words):
    began = time.monotonic()
    ended = subprocess.run([socklab, "check", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    took = time.monotonic() - began
    try:
        report = json.loads(ended.stdout)
    except ValueError:
        sys.exit(f"{words}: {ended.stdout}{ended.stderr}")
    reports = report if isinstance(report, list) else [report]
    wrong = [line for one in reports for line in failures(one)]
    if ended.returncode != 0 and not wrong:
        wrong = [f"{words}: status {ended.returncode}"]
    return took, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", type=int, default=20, help="checks of the whole practical")
    parser.add_argument("--each", type=int, default=100, help="checks of each end of echo, chat and submit")
    parser.add_argument("--busy", type=int, default=os.cpu_count() or 1, help="processes that keep a core busy meanwhile")
    parser.add_argument("--socklab", default=str(HOME / "target/shipped/socklab"))
    args = parser.parse_args()
    wrong, busy = [], []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(RIGHT, folder, dirs_exist_ok=True)
        names = sorted(path.name for path in RIGHT.iterdir())
        for name in names:
            title = name.removesuffix(".py").split("_")
            took, found = check(args.socklab, [*title, "--format", "json", "--", "python3", f"{folder}/{name}"])
            print(f"{' '.join(title):14}    1 run   {len(found)} wrong  {took:.1f} s", flush=True)
            wrong += found + [f"{name} took {took:.1f} s"] * (took >= LONGEST)
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(args.busy)]
        try:
            runs = [("all", args.all, ["all", "--format", "json", folder])]
            for exercise in ("echo", "chat", "submit"):
                for role in ("client", "server"):
                    program = ["--", "python3", f"{folder}/{exercise}_{role}.py"]
                    runs.append((f"{exercise} {role}", args.each, [exercise, role, "--format", "json", *program]))
            for name, count, words in runs:
                times, before = [], len(wrong)
                for _ in range(count):
                    took, found = check(args.socklab, words)
                    times.append(took)
                    wrong += found
                if not times:
                    continue
                print(f"{name:14} {count:4} runs  {len(wrong) - before} wrong  median {statistics.median(times):.1f} s  "
                      f"longest {max(times):.1f} s", flush=True)
        finally:
            for one in busy:
                one.kill()
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
