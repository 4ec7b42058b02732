"""Still pictures, compared by what they show: words, shapes and numbers, but for what rounding moves
on another processor.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from xml.etree import ElementTree

NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
FAR, SEEN = 0.3, 0.05
"""How far apart a place or a length may lie, in units of 560 to a picture, and an opacity."""
FEW = 0.03
"""The share of runs of pixels, and of the bytes of a photograph, that may be others."""


def apart(one: str, other: str) -> str:
    """Name the first thing in which two pictures, as SVG, differ; nothing if they show the same."""
    first, second = ([*ElementTree.fromstring(svg).iter()] for svg in (one, other))
    words = [
        [part.text for part in all_of if (part.text or "").strip()] for all_of in (first, second)
    ]
    if words[0] != words[1]:
        return "words"
    kinds = [[(part.tag, part.get("class")) for part in all_of] for all_of in (first, second)]
    blocks = SequenceMatcher(None, *kinds, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < max(map(len, kinds)) - 2:
        return "shapes"
    for a, b, size in blocks:
        for mine, its in zip(first[a : a + size], second[b : b + size], strict=True):
            for difference in _differ(mine, its):
                return f"{mine.tag.partition('}')[2]}: {difference}"
    return ""


def _differ(mine: ElementTree.Element, its: ElementTree.Element) -> Iterator[str]:
    """Yield the names of the attributes in which two shapes differ."""
    for name in sorted({*mine.keys(), *its.keys()}):
        values = mine.get(name, ""), its.get(name, "")
        if values[0] == values[1]:
            continue
        if name == "d":
            same = _path(*values)
        elif values[0].startswith("data:"):
            same = _photograph(*values)
        else:
            same = _near(*values, SEEN if name.endswith("opacity") else FAR)
        if not same:
            yield f"{name} {values[0][:60]!r}, {values[1][:60]!r}"


def _near(one: str, other: str, most: float) -> bool:
    """Tell whether two texts have the same words, and about the same numbers."""
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= most + 1e-9 for a, b in pairs)


def _path(one: str, other: str) -> bool:
    """Tell whether two paths go about the same way; of many runs of pixels, a few may be others."""
    if _near(one, other, FAR):
        return True
    strokes = [Counter(path.split("M")[1:]) for path in (one, other)]
    many = max(each.total() for each in strokes)
    return many >= 8 and many - (strokes[0] & strokes[1]).total() <= max(2, FEW * many)


def _photograph(one: str, other: str) -> bool:
    """Tell whether two photographs, as bytes, have about the same greys."""
    files = [base64.b64decode(source.partition(",")[2]) for source in (one, other)]
    if len(files[0]) != len(files[1]):
        return False
    return sum(abs(a - b) > 2 for a, b in zip(*files, strict=True)) <= FEW * len(files[0])
