#!/usr/bin/env python3
"""Can `socklab compare` be believed? Four questions, asked of the command itself.

    cargo build --profile shipped && bench/trust.py agree [--runs 3] [-- ARGUMENTS OF COMPARE]
    bench/trust.py self [--runs 20] [--model mio] [-- ARGUMENTS OF COMPARE]
    bench/trust.py power [--runs 20] [--model mio] [--percent 5]
    bench/trust.py six [--runs 10] [-- ARGUMENTS OF COMPARE]

`agree` runs the comparison several times and counts, for each run and the next, how many of the next one's ratios lie in this
one's 95 % prediction intervals. `self` compares a model with itself, again and again, and counts the runs in which any ratio
was said to be a difference. `power` compares a model with itself when one of the two uses so many per cent more CPU for each
reply on purpose, and counts the runs in which that was found. `six` asks the six questions, and says which marks are the same
in all runs. Exit status 1 if fewer than 90 % agree, if more than one run in twenty found a difference where there is none, if
fewer than 19 in 20 found the one there is, or if a question without a clear loser in one run has one in another.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time
from paths import SOCKLAB


def run_compare(folder, arguments, seed):
    """The document of one run. Ends this program if `compare` failed; its standard error is shown."""
    result = pathlib.Path(folder) / "result.json"
    ran = subprocess.run([str(SOCKLAB), "compare", "--quiet", "--seed", str(seed), "--json", str(result), "--report",
                          str(pathlib.Path(folder) / "report.html"), *arguments], stdout=subprocess.DEVNULL)
    if ran.returncode != 0:
        sys.exit(f"socklab compare ended with {ran.returncode}: no run")
    return json.loads(result.read_text())


def compare(folder, arguments, seed):
    """The ratios of one run, by model, load and metric, and the cells that are invalid."""
    document = run_compare(folder, arguments if arguments and not arguments[0].startswith("-") else ["echo", *arguments], seed)
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


def compare_with_itself(options, folder):
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


# One load, and a minute at most.
ONE_LOAD = ["echo", "--connections", "100"]


def power(options, folder):
    pair = ["--models", f"{options.model},{options.model}"]
    cells = run_compare(folder, [*ONE_LOAD, *pair, "--quick"], 1)["summary"]["cells"]
    cpu = statistics.mean(cell["cpu"]["value"] for cell in cells)
    extra = round(1000 * cpu * options.percent / 100)
    print(f"a reply costs {options.model} {cpu:.3f} µs of CPU; the second one uses {extra} ns more, {options.percent} %")
    found, seen = 0, []
    for n in range(options.runs):
        begun = time.monotonic()
        ratios, _ = compare(folder, [*ONE_LOAD, *pair, "--handicap", str(extra)], n + 1)
        one = next(one for (_, _, metric), one in ratios.items() if metric == "cpu")
        found += one["verdict"] == "higher"
        seen.append(one["ratio"])
        print(f"run {n + 1} of {options.runs}: CPU {one['ratio']:.4f}, {one['interval']['low']:.4f} to {one['interval']['high']:.4f}: "
              f"{one['verdict']}, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{options.percent} % more CPU: found in {found} of {options.runs} runs; median ratio {statistics.median(seen):.4f}")
    return found >= 0.95 * options.runs


def six(options, folder):
    """Which contestants are surely worse in which column, and by how much, in each run."""
    runs = []
    for n in range(options.runs):
        begun = time.monotonic()
        matrix = run_compare(folder, options.arguments, n + 1)["matrix"]
        far = {(column["question"], column["measure"]): {
            name for name, cell in zip(matrix["contestants"], column["cells"])
            # A figure with its mark, or none because so many are not served.
            if "absent" in cell or ("figure" in cell and isinstance(cell["figure"][1], dict) and cell["figure"][1]["worse"] >= 1.5)
        } for column in matrix["columns"]}
        runs.append(far)
        clear = {question for (question, _), names in far.items() if names}
        print(f"run {n + 1} of {options.runs}: clear losers in {len(clear)} of 6 questions, {time.monotonic() - begun:.0f} s", flush=True)
    same = True
    for key in runs[0]:
        always = set.intersection(*(run[key] for run in runs))
        ever = set.union(*(run[key] for run in runs))
        same &= bool(always) == bool(ever)
        print(f"  {key[0]}, {key[1]}: always {', '.join(sorted(always)) or '-'}; sometimes {', '.join(sorted(ever - always)) or '-'}")
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=["agree", "self", "power", "six"])
    parser.add_argument("--runs", type=int)
    parser.add_argument("--model", default="mio")
    parser.add_argument("--percent", type=float, default=5)
    options, rest = parser.parse_known_args()
    options.arguments = [one for one in rest if one != "--"]
    options.runs = options.runs or {"agree": 3, "self": 20, "power": 20, "six": 10}[options.question]
    with tempfile.TemporaryDirectory() as folder:
        good = {"agree": agree, "self": compare_with_itself, "power": power, "six": six}[options.question](options, folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
