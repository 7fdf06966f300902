#!/usr/bin/env python3
"""Can `socklab compare` be believed? Two questions, asked of the command itself.

    cargo build --profile shipped && bench/trust.py agree [--runs 3] [-- ARGUMENTS OF COMPARE]
    bench/trust.py self [--runs 20] [--model mio] [-- ARGUMENTS OF COMPARE]

`agree` runs the comparison several times and counts, for each run and the next, how many of the next one's ratios lie in this
one's 95 % prediction intervals. `self` compares a model with itself, again and again, and counts the runs in which any ratio
was said to be a difference. Exit status 1 if fewer than 90 % agree, or more than one run in twenty found a difference.
"""
import argparse, json, pathlib, subprocess, sys, tempfile
from built import SOCKLAB


def compare(folder, arguments, seed):
    """The ratios of one run, by model, load and metric."""
    result = pathlib.Path(folder) / "result.json"
    subprocess.run([str(SOCKLAB), "compare", "--quiet", "--seed", str(seed), "--json", str(result), "--report",
                    str(pathlib.Path(folder) / "report.html"), *arguments],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    document = json.loads(result.read_text())
    ratios = {(one["model"], one["load"], one["metric"]): one for one in document["summary"]["ratios"]}
    invalid = [f"{cell['model']} {cell['load']}: {cell['invalid']}" for cell in document["summary"]["cells"]
               if cell["invalid"]]
    return ratios, invalid


def agree(options, folder):
    runs = []
    for n in range(options.runs):
        runs.append(compare(folder, options.arguments, n + 1)[0])
        print(f"run {n + 1} of {options.runs}", file=sys.stderr)
    inside = total = 0
    for first, second in zip(runs, runs[1:]):
        within = of = 0
        for key, one in first.items():
            other = second.get(key, {}).get("ratio")
            if one["prediction"] is None or other is None:
                continue
            of += 1
            good = one["prediction"]["low"] <= other <= one["prediction"]["high"]
            within += good
            if not good:
                print(f"  {key}: {other:.3f} is not in {one['prediction']['low']:.3f} to {one['prediction']['high']:.3f}")
        print(f"{within} of {of} ratios of the next run lie in the prediction intervals of this one")
        inside, total = inside + within, total + of
    print(f"{inside} of {total}: {100 * inside / max(total, 1):.1f} %")
    return inside >= 0.9 * total > 0


def itself(options, folder):
    different = 0
    for n in range(options.runs):
        arguments = ["--models", f"{options.model},{options.model}", *options.arguments]
        ratios, invalid = compare(folder, arguments, n + 1)
        found = {key: one for key, one in ratios.items() if one["verdict"] in ("higher", "lower")}
        different += bool(found)
        for (_, load, metric), one in found.items():
            print(f"  run {n + 1}: load {load}, {metric}: {one['ratio']:.3f}, {one['interval']}")
        print(f"run {n + 1} of {options.runs}: {len(found)} differences among {len(ratios)} ratios"
              + (f"; invalid: {invalid}" if invalid else ""), flush=True)
    print(f"{options.model} against itself: no detectable difference in {options.runs - different} of {options.runs} runs")
    return different <= options.runs / 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("question", choices=["agree", "self"])
    parser.add_argument("--runs", type=int)
    parser.add_argument("--model", default="mio")
    options, rest = parser.parse_known_args()
    options.arguments = [one for one in rest if one != "--"]
    options.runs = options.runs or {"agree": 3, "self": 20}[options.question]
    with tempfile.TemporaryDirectory() as folder:
        good = agree(options, folder) if options.question == "agree" else itself(options, folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
