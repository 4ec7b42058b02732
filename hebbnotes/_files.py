"""Writing files so that nobody ever reads half of one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write(path: Path, fill: Callable[[Path], Any]) -> None:
    """Let ``fill`` write a file beside ``path``, and rename it then; a failure leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fill(beside)
        beside.chmod(0o644)  # safetensors writes files that only their owner may read
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
