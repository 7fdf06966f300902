#!/usr/bin/env python3
"""Counts lines of Rust by crate, without tests, blank lines and comments.

    bench/lines.py                  # the working tree
    bench/lines.py 353ca33          # a commit, beside the working tree

A file of tests and whatever stands below `#[cfg(test)]` or `#[cfg(all(test, …))]` at the left margin do not count.
"""
import subprocess, sys
from paths import ROOT


def code(text):
    count, comment, tests = 0, False, False
    for line in text.splitlines():
        tests |= line.startswith(("#[cfg(test)]", "#[cfg(all(test")) and not line.rstrip().endswith(";")
        line = line.strip()
        if comment:
            comment = "*/" not in line
        elif line.startswith("/*"):
            comment = "*/" not in line
        elif line and not line.startswith("//") and not tests:
            count += 1
    return count


def files(commit):
    """Path and text of each source file."""
    listing = ["git", "ls-tree", "-r", "--name-only", commit] if commit else ["git", "ls-files", "-co", "--exclude-standard"]
    for path in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n"):
        if not path.endswith(".rs") or "/tests/" in path or path.endswith("/tests.rs"):
            continue
        if "/src/" not in path and not path.startswith("docs/examples/"):
            continue
        if commit:
            yield path, subprocess.run(["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        elif (ROOT / path).exists():
            yield path, (ROOT / path).read_text()


def crates(commit):
    counts = {}
    for path, text in files(commit):
        # The tests' own library is tests.
        crate = "docs/examples" if path.startswith("docs/") else path.split("/src/")[0].split("/")[-1]
        if crate != "tests":
            counts[crate] = counts.get(crate, 0) + code(text)
    return counts


def main():
    before, after = crates(sys.argv[1]) if len(sys.argv) > 1 else None, crates(None)
    drivers = ["system", "blocking", "readiness", "mio-backend", "tasks", "async", "tokio-backend"]
    later = ["multiplexing", "signal-driven", "uring"]
    rows = [(name, [name]) for name in sorted(set(after) | set(before or {}))]
    rows += [("drivers and system", drivers), ("models since then", later), ("all", sorted(set(after) | set(before or {})))]
    for name, parts in rows:
        now = sum(after.get(part, 0) for part in parts)
        if before is None:
            print(f"{name:20} {now:6}")
        else:
            was = sum(before.get(part, 0) for part in parts)
            print(f"{name:20} {was:6} {now:6}  {f'{now / was - 1:+.1%}' if was else ''}")


if __name__ == "__main__":
    main()
