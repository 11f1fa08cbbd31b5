"""pytest_provision.py on firmware of models that use TLS."""

import re
import subprocess
import sys

import pytest

from tests.variants.firmware import ROOT, build
from tests.variants.kinds import CHAIN, TWO_WAY


@pytest.mark.parametrize("model", [TWO_WAY[0].model, CHAIN])
def test_suite_runs_what_is_for_the_model(model: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--target", "linux", f"--build-dir={build(model).parent}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^12 passed, \d+ deselected", done.stdout, re.MULTILINE), done.stdout
