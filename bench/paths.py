"""Where the programs that the scripts measure are.

They are built as they are shipped: `cargo build --profile shipped`.
"""
import os, pathlib

PROFILE = "shipped"
ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SOCKLAB = TARGET / PROFILE / "socklab"
EXAMPLES = TARGET / PROFILE / "examples"
