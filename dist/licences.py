#!/usr/bin/env python3
"""The licences of all that is linked into the program, for whoever receives it.

    dist/licences.py FILE

Every crate that the command depends on, on any of the systems that it is shipped for, with the
licence files that stand in it; each text once. Fails if a crate says no licence, or if it carries no
text and its licence is not one of those whose text we ship for the program itself.
"""
import json, pathlib, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGETS = ["x86_64-unknown-linux-musl", "x86_64-pc-windows-gnu"]
NAMES = ("licen", "copying", "copyright", "notice", "unlicense")
# What the compiler links in beside the crates.
RUNTIME = """\
The Rust standard library is linked in: MIT OR Apache-2.0, copyright The Rust Project contributors.
On Linux so is musl: MIT, copyright Rich Felker and others. On Windows so is the start-up code of
mingw-w64: public domain and the Zope Public License 2.1. SQLite is in the public domain.
"""


def packages():
    """The crates in the program, less our own, in the order of their names."""
    found = {}
    for target in TARGETS:
        command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
        metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        known = {one["id"]: one for one in metadata["packages"]}
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        todo = [one["id"] for one in metadata["packages"] if one["name"] == "socklab"]
        seen = set(todo)
        while todo:
            for dependency in nodes[todo.pop()]["deps"]:
                linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
                if linked and dependency["pkg"] not in seen:
                    seen.add(dependency["pkg"])
                    todo.append(dependency["pkg"])
        found.update({one: known[one] for one in seen if known[one]["source"]})
    return sorted(found.values(), key=lambda one: (one["name"], one["version"]))


def texts(package):
    """The licence files of a crate."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [path for path in folder.rglob("*")
             if path.is_file() and path.name.lower().startswith(NAMES) and path.suffix not in (".rs", ".toml")
             and len(path.relative_to(folder).parts) <= 2]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in sorted(files)]


def main():
    ours = {"Apache-2.0": (ROOT / "LICENSE-APACHE").read_text()}
    by_text, lines, wrong = {}, [], []
    for package in packages():
        name = f"{package['name']} {package['version']}"
        licence = package["license"]
        lines.append(f"{name}: {licence}")
        found = texts(package)
        if not licence:
            wrong.append(f"{name} names no licence")
        elif not found:
            found = [text for id, text in ours.items() if id in licence][:1]
            if not found:
                wrong.append(f"{name} ({licence}) carries no text of its licence")
        for text in found:
            # The same words in other lines are the same text.
            by_text.setdefault(" ".join(text.split()), (text, []))[1].append(name)
    if wrong:
        sys.exit("\n".join(wrong))
    rule = "\n" + "=" * 100 + "\n"
    parts = ["The licences of what socklab is built from\n\n" + RUNTIME + "\n" + "\n".join(lines) + "\n"]
    parts += [", ".join(names) + "\n\n" + text + "\n" for text, names in by_text.values()]
    pathlib.Path(sys.argv[1]).write_text(rule.join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
