#!/usr/bin/env python3
"""Counts the instructions of the core's steps, and names each that takes over 3 % more than recorded.

    bench/steps.py             # beside bench/steps.json; ends with 1 if a step has become dearer
    bench/steps.py --record    # writes bench/steps.json anew

callgrind counts what the program executes, so a count is the same in every run on every day, however
busy the machine is; it differs between compilers and processors' instruction sets. A step's
instructions are those of 3,000 of them less those of 1,000, by 2,000. Needs valgrind.
"""
import argparse, json, platform, re, subprocess, sys
from paths import EXAMPLES, PROFILE, ROOT

RECORD = ROOT / "bench/steps.json"
PROGRAM = EXAMPLES / "count_steps"
FEW, MANY = 1000, 3000
MORE = 1.03


def instructions(name, times):
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(PROGRAM), name, str(times)],
                         capture_output=True, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", out).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help="write the counts as those to compare with")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--profile", PROFILE, "-p", "socklab-steps", "--example", "count_steps"], cwd=ROOT, check=True)
    names = subprocess.run([str(PROGRAM)], capture_output=True, text=True, check=True).stdout.splitlines()
    counts = {name: round((instructions(name, MANY) - instructions(name, FEW)) / (MANY - FEW), 1) for name in names}
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    by = f"rustc {rustc}, {platform.machine()}"
    before = json.loads(RECORD.read_text()) if RECORD.exists() else {"by": by, "instructions": {}}
    if before["by"] != by:
        print(f"recorded with {before['by']}, counted with {by}: the counts may differ for that alone")
    dearer = []
    print(f"{'step':32} {'now':>7} {'recorded':>8} {'ratio':>6}")
    for name, now in counts.items():
        then = before["instructions"].get(name)
        print(f"{name:32} {now:7.0f} " + (f"{then:8.0f} {now / then:6.3f}" if then else f"{'-':>8} {'-':>6}"))
        if then and now > then * MORE:
            dearer.append(name)
    if options.record:
        RECORD.write_text(json.dumps({"by": by, "instructions": counts}, indent=2) + "\n")
    elif dearer:
        sys.exit(f"over 3 % more instructions than recorded: {'; '.join(dearer)}")


if __name__ == "__main__":
    main()
