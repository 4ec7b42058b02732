"""Kernels that are forked for the notebooks: each begins as if it had been started."""

import json
import sys

import pytest

from tests.site import kernels
from tools import outputs

ASKED = """
import json, os, sys
import matplotlib
ours = [name for name in sys.modules if name.partition(".")[0] in ("hebbnotes", "tools")]
own = os.getsid(0) == os.getpid() == %d
print(json.dumps([ours, own, os.getcwd(), matplotlib.get_backend(), "torch" in sys.modules]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_a_forked_kernel_is_new_and_holds_nothing_of_the_book():
    folder, answers = str(outputs.BOOK), []
    for _ in range(2):  # the second is forked after the first one has run
        kernel = kernels.ForkedKernel("python3", cwd=folder)
        kernel.execute_cell_input(ASKED % kernel.km.provisioner.pid, allow_stdin=False)
        while not (text := kernel.get_message("iopub", timeout=60)["content"].get("text")):
            pass
        answers.append(text)
        kernel.stop()
    inline = "module://matplotlib_inline.backend_inline"
    assert [json.loads(text) for text in answers] == [[[], True, folder, inline, True]] * 2
