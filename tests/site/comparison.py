"""How fresh output is compared with stored output: words exactly, numbers to their last digit, pictures by their ink.

A figure that is stored as SVG, too, is compared by the ink of its PNG, and by the texts of its SVG.
The picture of a live training is compared by what the output's metadata say of its axes, since its ink depends on rounding.
"""

import base64
import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
from PIL import Image

DECIMAL = re.compile(
    r"(?<![\w.])[-+]?\d[\d,]*\.\d+(?:[eE][-+]?\d+)?(?![\w]|\.\d)|(?<![\w.])[-+]?\d+[eE][-+]?\d+(?!\w)"
)
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
SVG = "{http://www.w3.org/2000/svg}"
REACH, SHARE, CONTRAST, SMALLEST = 3, 0.10, 40, 40


def last_digit(number: str) -> float:
    """Return one unit of the last printed digit: 0.01 for "3.14", 1e-7 for "2.5e-06"."""
    mantissa, _, exponent = number.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def compare_text(stored: str, fresh: str) -> str | None:
    """Say how two texts differ, or return None: integers are counts and must agree, decimals to one unit of the last digit."""
    if DECIMAL.sub("#", stored) != DECIMAL.sub("#", fresh):
        return f"the words differ:\n  stored: {stored!r}\n  fresh:  {fresh!r}"
    for old, new in zip(DECIMAL.findall(stored), DECIMAL.findall(fresh), strict=True):
        unit = last_digit(old)
        if (
            last_digit(new) > unit * 1.5
            or abs(float(old.replace(",", "")) - float(new.replace(",", ""))) > 1.001 * unit
        ):
            return f"the number {old} is stored, {new} came out: more than one unit of the last printed digit apart"
    return None


def near(mask: np.ndarray) -> np.ndarray:
    """Return where there is ink within ``REACH`` pixels."""
    for axis in (0, 1):
        grown = mask.copy()
        for shift in range(1, REACH + 1):
            low, high = [slice(None)] * 2, [slice(None)] * 2
            low[axis], high[axis] = slice(None, -shift), slice(shift, None)
            grown[tuple(high)] |= mask[tuple(low)]
            grown[tuple(low)] |= mask[tuple(high)]
        mask = grown
    return mask


def inks(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Split the ink of a picture by colour: everything that differs from the background, and each sixth of the colour circle."""
    value = pixels.astype(int)
    codes, counts = np.unique(value @ (65536, 256, 1), return_counts=True)
    background = codes[counts.argmax()] // np.array((65536, 256, 1)) % 256
    ink = np.abs(value - background).max(-1) > CONTRAST
    high, low = value.max(-1), value.min(-1)
    coloured = ink & (high - low > CONTRAST)
    span = np.maximum(high - low, 1)
    r, g, b = np.moveaxis(value, -1, 0)
    hue = np.where(
        high == r, (g - b) / span % 6, np.where(high == g, (b - r) / span + 2, (r - g) / span + 4)
    )
    groups = {"all": ink, "grey": ink & ~coloured}
    return groups | {
        f"hue {60 * k}-{60 * k + 60}": coloured & (hue.astype(int) % 6 == k) for k in range(6)
    }


def read_picture(encoded: str) -> np.ndarray | str:
    """Return a PNG's pixels (rows, columns, 3), or what is wrong with it."""
    try:
        picture = Image.open(io.BytesIO(base64.b64decode("".join(encoded.split())))).convert("RGBA")
    except Exception as error:
        return f"the picture is not a readable PNG ({error})"
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def compare_pictures(stored: str, fresh: str, *, by_ink: bool = True) -> str | None:
    """Say how two PNGs in base64 differ, or return None: at most a tenth of either's ink may lie away from the other's.

    If they are not compared by their ink, both must still have some, and have the same size.
    """
    pictures = [read_picture(stored), read_picture(fresh)]
    for name, picture in zip(("stored", "fresh"), pictures, strict=True):
        if isinstance(picture, str):
            return f"{name}: {picture}"
        if not inks(picture)["all"].any():
            return f"the {name} picture is blank"
    old, new = pictures
    if max(abs(a - b) for a, b in zip(old.shape, new.shape, strict=True)) > REACH:
        return f"the picture was {old.shape[1]} x {old.shape[0]} pixels and now is {new.shape[1]} x {new.shape[0]}"
    if not by_ink:
        return None
    rows, columns = (min(a, b) for a, b in zip(old.shape[:2], new.shape[:2], strict=True))
    before, after = inks(old[:rows, :columns]), inks(new[:rows, :columns])
    for group in before:
        for name, one, other in (("is missing", before, after), ("is new", after, before)):
            # A colour is judged with its neighbours on the circle, so that a shade on a border cannot fall between two.
            ink = one[group].sum()
            lost = (
                one[group] & ~near(other["all"] if group == "all" else neighbours(other, group))
            ).sum()
            if ink >= SMALLEST and lost > SHARE * ink:
                return (
                    f"{lost / ink:.0%} of the picture's ink ({group}) {name}: look at both pictures"
                )
    return None


def read_drawing(text: str) -> list[str] | str:
    """Return the texts of an SVG, or what is wrong with it."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        return f"the drawing is not a readable SVG ({error})"
    if root.tag != f"{SVG}svg":
        return f"the drawing is no SVG: its root is {root.tag}"
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def compare_drawings(stored: str, fresh: str, *, by_ink: bool = True) -> str | None:
    """Say how two SVGs differ in their texts, or return None; their lines are compared in the PNG.

    If that is not compared by its ink, both must have as many texts.
    """
    drawings = [read_drawing(stored), read_drawing(fresh)]
    for name, texts in zip(("stored", "fresh"), drawings, strict=True):
        if isinstance(texts, str):
            return f"{name}: {texts}"
    old, new = drawings
    if len(old) != len(new):
        return f"the drawing had {len(old)} texts and now has {len(new)}: {old} and {new}"
    problems = (compare_text(a, b) for a, b in zip(old, new, strict=True) if by_ink)
    return next((f"a text of the drawing: {p}" for p in problems if p), None)


def neighbours(groups: dict[str, np.ndarray], group: str) -> np.ndarray:
    """Return the ink of a colour and of the two beside it; grey stands alone."""
    if not group.startswith("hue"):
        return groups[group]
    hues = [name for name in groups if name.startswith("hue")]
    at = hues.index(group)
    return groups[group] | groups[hues[at - 1]] | groups[hues[(at + 1) % 6]]


def compare_data(mime: str, stored: Any, fresh: Any, *, by_ink: bool = True) -> str | None:
    """Say how two outputs of one kind differ, or return None."""
    stored, fresh = ("".join(v) if isinstance(v, list) else v for v in (stored, fresh))
    if mime == "image/png":
        return compare_pictures(stored, fresh, by_ink=by_ink)
    if mime == "image/svg+xml":
        return compare_drawings(stored, fresh, by_ink=by_ink)
    if mime == "text/html":
        old, new = EMBEDDED.findall(stored), EMBEDDED.findall(fresh)
        if len(old) != len(new):
            return f"{len(old)} embedded pictures are stored, {len(new)} came out"
        problems = (compare_pictures(a, b, by_ink=by_ink) for a, b in zip(old, new, strict=True))
        return next((p for p in problems if p), None) or compare_text(
            EMBEDDED.sub("PICTURE", stored), EMBEDDED.sub("PICTURE", fresh)
        )
    if isinstance(stored, str) and isinstance(fresh, str):
        return compare_text(
            re.sub(r"0x[0-9a-f]+", "0x", stored), re.sub(r"0x[0-9a-f]+", "0x", fresh)
        )
    return None if stored == fresh else f"stored {stored!r}, fresh {fresh!r}"


def joined(outputs: list[dict]) -> list[dict]:
    """Join neighbouring pieces of one stream, which arrive in pieces of arbitrary size."""
    result: list[dict] = []
    for output in outputs:
        if (
            output["output_type"] == "stream"
            and result
            and result[-1].get("name") == output["name"]
        ):
            result[-1] = dict(result[-1], text=result[-1]["text"] + "".join(output["text"]))
        else:
            result.append(
                dict(output, text="".join(output["text"]))
                if output["output_type"] == "stream"
                else dict(output)
            )
    return result


def compare_outputs(stored: list[dict], fresh: list[dict]) -> str | None:
    """Say how a cell's fresh outputs differ from the stored ones, or return None."""
    stored, fresh = joined(stored), joined(fresh)
    kinds = [[o["output_type"] for o in outputs] for outputs in (stored, fresh)]
    if kinds[0] != kinds[1]:
        return f"the cell stored {kinds[0] or 'nothing'} and now gives {kinds[1] or 'nothing'}"
    for old, new in zip(stored, fresh, strict=True):
        if old["output_type"] == "stream":
            problem = compare_text(f"{old['name']}: {old['text']}", f"{new['name']}: {new['text']}")
        elif old["output_type"] == "error":
            problem = f"the cell raised {new['ename']}: {new['evalue']}"
        elif sorted(old["data"]) != sorted(new["data"]):
            problem = f"stored as {sorted(old['data'])}, came out as {sorted(new['data'])}"
        elif old.get("metadata", {}) != new.get("metadata", {}):
            problem = f"metadata {old.get('metadata')} stored, {new.get('metadata')} came out"
        else:
            by_ink = "axes" not in old.get("metadata", {}).get("hebbnotes", {})
            both = ((kind, old["data"][kind], new["data"][kind]) for kind in old["data"])
            problem = next((p for one in both if (p := compare_data(*one, by_ink=by_ink))), None)
        if problem:
            return problem
    return None
