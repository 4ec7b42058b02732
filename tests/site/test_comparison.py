"""The comparison of notebooks is fed the faults that it is for, and must find each."""

import base64
import io
import os
import re
import shutil
import site
import subprocess
import sys
from pathlib import Path
from unittest import mock

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from hebbnotes.figures import use_style
from tests.site.comparison import compare_drawings, compare_outputs, compare_pictures, compare_text
from tools import outputs

ROOT = Path(__file__).parents[2]


def picture(*curves, colours=("#0072B2", "#D55E00", "#009E73"), label="an axis with a name"):
    with plt.style.context("default"):
        use_style()
        fig, ax = plt.subplots()
        x = np.linspace(0, 1, 200)
        for curve, colour in zip(curves, colours, strict=False):
            ax.plot(x, curve(x), color=colour)
        ax.set(xlabel=label, ylim=(0, 1), xlim=(0, 1))
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png")
        plt.close(fig)
    return base64.b64encode(buffer.getvalue()).decode()


def straight(x):
    return 0.2 + 0.5 * x


def bent(x):
    return 0.2 + 0.5 * x**3


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        ("error 0.40", "error 0.41"),
        ("error 0.40", "error 0.39"),
        ("1.5e-06", "1.6e-06"),
        ("-0.00 dB", "0.00 dB"),
        ("12,345.6", "12,345.7"),
    ],
)
def test_one_unit_of_the_last_digit_passes(stored, fresh):
    assert compare_text(stored, fresh) is None


@pytest.mark.parametrize(
    ("stored", "fresh", "message"),
    [
        ("error 0.40", "error 0.42", "0.40 is stored, 0.42 came out"),
        ("0.9971", "0.9974", "more than one unit"),
        ("5 seeds", "6 seeds", "the words differ"),
        ("3.0", "-3.0", "more than one unit"),
        ("1.5e-06", "1.5e-05", "more than one unit"),
        ("0.50", "0.5", "more than one unit"),
        ("below 1 %: yes", "below 1 %: no", "the words differ"),
    ],
)
def test_a_wrong_digit_or_word_is_caught(stored, fresh, message):
    assert message in compare_text(stored, fresh)


def test_the_same_picture_passes_and_so_does_a_shift_of_two_pixels():
    stored = picture(straight, bent)
    assert compare_pictures(stored, stored) is None
    assert compare_pictures(stored, picture(lambda x: straight(x) + 0.004, bent)) is None


def test_a_blank_picture_is_caught():
    buffer = io.BytesIO()
    plt.imsave(buffer, np.ones((396, 770, 3)), format="png")
    blank = base64.b64encode(buffer.getvalue()).decode()
    assert compare_pictures(picture(straight), blank) == "the fresh picture is blank"
    assert compare_pictures(blank, blank) == "the stored picture is blank"


@pytest.mark.parametrize("fresh", [(straight,), ()])
def test_a_missing_curve_is_caught(fresh):
    assert "is missing" in compare_pictures(picture(straight, bent), picture(*fresh))


def test_another_curve_is_caught():
    assert "look at both pictures" in compare_pictures(picture(straight), picture(bent))


def test_a_curve_of_another_colour_is_caught():
    assert "hue" in compare_pictures(picture(straight), picture(straight, colours=("#D55E00",)))


def test_a_new_curve_is_caught():
    assert "is new" in compare_pictures(picture(straight), picture(straight, bent))


def test_another_size_and_a_broken_file_are_named():
    buffer = io.BytesIO()
    plt.imsave(buffer, np.eye(50), format="png")
    assert "pixels" in compare_pictures(
        picture(straight), base64.b64encode(buffer.getvalue()).decode()
    )
    assert "not a readable PNG" in compare_pictures(picture(straight), "iVBORw0KGgo=")


def test_a_missing_output_and_another_kind_of_output_are_caught():
    text, html = (
        {"output_type": "display_data", "metadata": {}, "data": {kind: "x"}}
        for kind in ("text/plain", "text/html")
    )
    assert "now gives nothing" in compare_outputs([text], [])
    assert "came out as" in compare_outputs([text], [html])


def test_a_picture_inside_html_is_compared_too():
    def moving(png):
        return {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": f'<img src="data:image/png;base64,{png}">'},
        }

    assert compare_outputs([moving(picture(straight))], [moving(picture(straight))]) is None
    assert "is missing" in compare_outputs(
        [moving(picture(straight, bent))], [moving(picture(straight))]
    )


PERSONAL = {
    ".ipython/profile_default/ipython_kernel_config.py": (
        "c = get_config()\nc.InlineBackend.figure_formats = {'retina'}\n"
    ),
    ".ipython/profile_default/startup/mine.py": "print('good morning')\nseeds = 5\n",
    ".config/matplotlib/matplotlibrc": "image.origin: lower\naxes.facecolor: black\n",
    ".local/share/jupyter/kernels/python3/kernel.json": '{"argv": ["false"], "language": "python"}',
    "startup.py": "print('good evening')\nseeds = 6\n",
}
"""What a reader may have in his home, and what it would do to a notebook."""


def personal(home):
    """Return an environment with a home of many settings, and without those of the tests."""
    for name, text in PERSONAL.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / "startup.py").chmod(0o644)
    known = Path(mpl.get_cachedir())  # the fonts, which are not the matter
    shutil.copytree(known, home / ".cache" / "matplotlib", dirs_exist_ok=True)
    ours = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MATPLOTLIBRC", "MPLCONFIGDIR")
    rest = {key: value for key, value in os.environ.items() if key not in ours}
    own = {"HOME": str(home), "PYTHONSTARTUP": str(home / "startup.py"), "MPLBACKEND": "svg"}
    return rest | own | {"PYTHONOPTIMIZE": "1", "JUPYTER_PREFER_ENV_PATH": "0"}


def test_a_kernel_of_this_environment_comes_before_a_readers_own_of_that_name(
    tmp_path, monkeypatch
):
    home = personal(tmp_path)
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)  # as outside of a virtual environment
    monkeypatch.setattr(site, "USER_BASE", str(tmp_path / ".local"))
    with mock.patch.dict(os.environ, home, clear=True):
        found = KernelSpecManager().find_kernel_specs()["python3"]
        assert found.startswith(str(tmp_path)), "otherwise there is nothing to be kept out"
        outputs.alike()
        found = KernelSpecManager().find_kernel_specs()["python3"]
    assert not found.startswith(str(tmp_path))


CELLS = [
    "import os, random, matplotlib.pyplot as plt\n_ = plt.imshow([[0, 1], [2, 3]])",
    "print(__debug__, 'seeds' in globals(), plt.rcParams['image.origin'])",
    "from hebbnotes import figures as fig\nfrom matplotlib.figure import Figure\nfig.use_style()",
    "fig.glue('share', f'{1 / 3:.3f}')",
    """
drawn = [Figure(figsize=(2, 2)) for _ in range(2)]
for k, one in enumerate(drawn):
    one.subplots().plot([0, k])
fig.MovingFigure(drawn, ["one", "two"], name="step", alt="A line.")
""",
    """
random.seed(os.environ.get("COURSE", "0"))
_, ax = plt.subplots()
ax.plot([random.random() for _ in range(30)])
ax.set(ylim=(0, 1))
fig.live_training(ax.figure)
""",
    """
_, ax = plt.subplots()
ax.plot([random.random() for _ in range(30)])
ax.set(ylim=(0, 1))
plt.show()
""",
    "print(f'{1 / 3:.3f}')",
    "print(f'{1 / 3:.3f}')\n{'a': 1}",
]
"""Each kind of output; what is random takes the course that the environment names."""


def strict_run(path, environment):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0"]
    command += ["-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "--confcutdir", ROOT]
    done = subprocess.run(
        [*command, "-p", "conftest", path],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env=environment,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What a notebook of each kind of output stores, stores again in a reader's home, and what is
    said of it there in a strict run: of another course, and of one or two units of a last digit.
    """
    folder = tmp_path_factory.mktemp("runs")
    path, faulty = folder / "plain.ipynb", folder / "faulty.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in CELLS]), path)
    nbformat.write(outputs.execute(path)[0], path)
    first, notebook = path.read_text(), nbformat.read(path, as_version=4)
    for cell, number in zip(notebook.cells[-2:], ("0.334", "0.335"), strict=True):
        cell.outputs[0].text = f"{number}\n"
    nbformat.write(notebook, faulty)
    home = personal(folder / "home")
    said = strict_run(faulty, home | {"COURSE": "another"})
    with mock.patch.dict(os.environ, home, clear=True):
        outputs.alike()
        nbformat.write(outputs.execute(path)[0], path)
    return first, path.read_text(), said


def test_two_runs_of_a_notebook_store_the_same_bytes_and_a_readers_own_settings_change_nothing(
    runs,
):
    first, second, said = runs
    assert "True False upper" in first
    assert first == second
    assert "2 failed, 7 passed" in said


def test_a_false_number_in_a_notebook_fails_the_run_with_a_message_that_says_so(runs):
    assert "the number 0.335 is stored, 0.333 came out" in runs[2]
    assert "the number 0.334" not in runs[2]


def test_what_is_said_of_axes_survives_a_run_and_spares_their_ink(runs):
    failures = runs[2].partition("short test summary")[0]
    assert failures.count("of the picture's ink") == 1
    failed = re.findall(r"^FAILED .*::(Cell \d+)", runs[2], re.M)
    assert failed == ["Cell 6", "Cell 8"], "not the live training, and not one unit of a digit"


def drawing(*texts):
    inside = "".join(f"<text x='1' y='2'><tspan>{text}</tspan></text>" for text in texts)
    return f"<svg xmlns='http://www.w3.org/2000/svg'>{inside}<path d='M0 0'/></svg>"


def test_a_drawing_is_compared_by_its_texts():
    stored = drawing("time (s)", "0.40")
    assert compare_drawings(stored, stored.replace("M0 0", "M1 1")) is None
    assert compare_drawings(stored, drawing("time (s)", "0.41")) is None
    assert "the number 0.40" in compare_drawings(stored, drawing("time (s)", "0.45"))
    assert "words differ" in compare_drawings(stored, drawing("time (ms)", "0.40"))
    assert "had 2 texts and now has 1" in compare_drawings(stored, drawing("time (s)"))
    assert "not a readable SVG" in compare_drawings(stored, stored[:-3])
    assert "no SVG" in compare_drawings("<p/>", stored)
    assert compare_drawings(stored, drawing("time (ms)", "9"), by_ink=False) is None
    assert "texts" in compare_drawings(stored, drawing("9"), by_ink=False)


def test_a_figure_must_keep_both_its_kinds():
    def output(**data):
        return [{"output_type": "display_data", "metadata": {}, "data": data}]

    both = {"image/png": picture(straight), "image/svg+xml": drawing("a")}
    assert compare_outputs(output(**both), output(**both)) is None
    assert "stored as" in compare_outputs(output(**both), output(**dict([*both.items()][:1])))
    other = both | {"image/svg+xml": drawing("b")}
    assert "a text of the drawing" in compare_outputs(output(**both), output(**other))


def test_a_live_training_is_compared_by_its_axes():
    def output(curve, lines=1):
        axes = [{"title": "", "labels": ["x", "y"], "limits": [0, 1, 0, 1], "lines": lines}]
        metadata, data = (
            {"hebbnotes": {"axes": axes}},
            {"image/png": picture(curve), "text/plain": "<Figure>"},
        )
        return [{"output_type": "display_data", "metadata": metadata, "data": data}]

    assert compare_outputs(output(straight), output(bent)) is None
    assert "metadata" in compare_outputs(output(straight), output(straight, lines=2))
    bare = [output(curve)[0] | {"metadata": {}} for curve in (straight, bent)]
    assert "ink" in compare_outputs(bare[:1], bare[1:])
    assert "metadata" in compare_outputs(output(straight), bare[:1])
    smaller = Image.open(io.BytesIO(base64.b64decode(picture(straight)))).resize((100, 100))
    smaller.save(buffer := io.BytesIO(), format="png")
    small = [
        output(straight)[0]
        | {
            "data": {
                "image/png": base64.b64encode(buffer.getvalue()).decode(),
                "text/plain": "<Figure>",
            }
        }
    ]
    assert "pixels" in compare_outputs(output(straight), small)
