"""The command ``python -m hebbnotes.arena my_rule.py``: audit a rule, score it, say its place.

With ``--table`` it prints what the book's memories scored.
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hebbnotes import _files
from hebbnotes.arena.entry import Caught, Refused
from hebbnotes.arena.place import Row, full_table, place_of, stored_rows, table
from hebbnotes.arena.process import LIMIT, Child, Remote
from hebbnotes.arena.scores import FRESH, TUNING, score
from hebbnotes.arena.streams import CODES

SCORED, REFUSED, CAUGHT, STOPPED = 0, 2, 3, 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hebbnotes.arena",
        description="Audit a rule of memory, score it in eight tasks, and say its place among the "
        "rules of the book. Exit status: 0 scored, 2 refused, 3 caught at seeing what no rule may.",
    )
    parser.add_argument("file", type=Path, nargs="?", help="it defines rule(w, pre, post)")
    parser.add_argument(
        "--table", action="store_true", help="print the tables of the book, and score nothing"
    )
    parser.add_argument("--code", choices=tuple(CODES), help="default: dense; of --table: all")
    parser.add_argument(
        "--seeds", type=int, default=len(FRESH), metavar="N", help="fresh seeds, 1 to 20 (5)"
    )
    parser.add_argument(
        "--fresh",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw the seeds that count now, known to nobody (default), or take the book's own",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to a file, too")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Audit, score and place an entry; returns the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.table:
        return _tables([given.code] if given.code else list(CODES))
    if not given.file:
        parser.error("name a file that defines rule(w, pre, post), or ask for --table")
    if not 1 <= given.seeds <= 20:
        parser.error(f"--seeds must be from 1 to 20, got {given.seeds}")
    if given.json:
        try:
            _files.check_place(given.json)
        except OSError as error:
            parser.error(str(error))
    code, others = given.code or "dense", _others(given.code or "dense")
    began = time.perf_counter()
    try:
        with Child(given.file, LIMIT * max(1.0, given.seeds / len(FRESH))) as child:
            first = secrets.randbelow(10**6) + 10**4 if given.fresh else FRESH[0]
            fresh = [first + k for k in range(given.seeds)]
            scores = score(Remote(child), code, fresh)
            child.finish()
            verdict, diverged = child.verdict, sorted(child.diverged)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED
    except Caught as error:
        print(f"caught: {error}", file=sys.stderr)
        return CAUGHT
    except KeyboardInterrupt:
        print("stopped: nothing was scored", file=sys.stderr)
        return STOPPED
    seconds = time.perf_counter() - began
    row = Row(child.name, verdict.kind, scores, verdict.own)
    print(f"{child.name}: {verdict.sentence()}")
    if diverged:
        rates = ", ".join(f"{rate:g}" for rate in diverged)
        print(f"weights became NaN or infinite at the rates {rates}, which score nothing there")
    print(_told(row, others, code, fresh))
    if not given.fresh:
        print("these seeds are public, and a rule may know them: run it with --fresh, too")
    print(f"{seconds:.0f} s")
    if given.json:
        _files.write(given.json, json.dumps(_result(row, code, fresh), indent=1).encode())
    return SCORED


def _tables(codes: Sequence[str]) -> int:
    """Print the book's tables; returns the exit status."""
    try:
        for code in codes:
            print(f"{code}\n{full_table(code)}\n")
    except (OSError, ValueError) as error:
        print(f"the book's table cannot be read: {error}", file=sys.stderr)
        return REFUSED
    return SCORED


def _others(code: str) -> list[Row]:
    """Return the rows of the book, or none, and say so, if they are not there."""
    try:
        return stored_rows(code)
    except (OSError, ValueError) as error:
        print(f"the book's table cannot be read, so there is no place: {error}", file=sys.stderr)
        return []


def _told(row: Row, others: list[Row], code: str, fresh: list[int]) -> str:
    """Return the scores, the place, and how they were found, in words."""
    among = "read foreign numbers" if row.foreign else "are local, or handed what they see"
    place, count = place_of(row, others)
    told = [
        f"learning rate {row.scores.setting:g}, chosen on seeds {_list(TUNING)}; scored on "
        f"seeds {_list(fresh)}, code {code}",
        table(others, row),
    ]
    if others:
        told.append(f"place {place} of {count} among the rules that {among}")
    return "\n".join(told)


def _list(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _result(row: Row, code: str, fresh: list[int]) -> dict[str, Any]:
    """Return the result as it is written to a file."""
    return {
        "name": row.name,
        "kind": row.kind,
        "code": code,
        "tuning": list(TUNING),
        "seeds": fresh,
        "total": row.total,
        **row.scores._asdict(),
    }


if __name__ == "__main__":
    sys.exit(main())
