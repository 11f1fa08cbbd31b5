"""Instructions for one telemetry encode, ours and cJSON's, counted by callgrind."""

import re
import tempfile
from pathlib import Path

from tbtools.figures import Figure

from tbbench import tools
from tbbench.programs import Programs
from tbbench.tools import BenchError

RATIO_LIMIT = 0.1
_ROUNDS = 250
_ENCODES = 2 * _ROUNDS  # each set has two samples
_COMMAND = "python bench/bench.py --only encode"
_COUNTED = {"ours": "tb_model_telemetry_encode", "cjson": "encode_with_cjson"}
_SETS = {"integers": "such as 25 and 26", "fractions": "such as 23.47 and 61.5"}


def measure(programs: Programs) -> list[Figure]:
    """Instructions of either way for whole numbers and for fractions, and how they compare."""
    figures = []
    for samples, which in _SETS.items():
        ours = _instructions(programs, "ours", samples)
        cjson = _instructions(programs, "cjson", samples)
        ratio = round(ours.value / cjson.value, 4)
        figures += [
            ours,
            cjson,
            Figure(f"encode {samples}: ours / cJSON", ratio, "ratio", _COMMAND, RATIO_LIMIT, which),
        ]
    return figures


def _instructions(programs: Programs, way: str, samples: str) -> Figure:
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "callgrind.out"
        tools.run(_callgrind(programs, way, samples, str(out)))
        found = re.search(r"^totals: (\d+)$", out.read_text(), re.MULTILINE)
    if found is None or int(found[1]) == 0:
        raise BenchError(f"callgrind counted nothing in {_COUNTED[way]}()")
    return Figure(
        name=f"encode {samples}: {'ours' if way == 'ours' else 'cJSON'}",
        value=round(int(found[1]) / _ENCODES),
        unit="instructions",
        command=tools.typed(_callgrind(programs, way, samples, "build_bench/callgrind.out")),
        note=f"mean of {_ENCODES}",
    )


def _callgrind(programs: Programs, way: str, samples: str, out: str) -> list[str | Path]:
    options = [f"--callgrind-out-file={out}", "--collect-atstart=no", f"--toggle-collect={_COUNTED[way]}"]
    return ["valgrind", "--tool=callgrind", *options, programs.encode, way, samples, str(_ROUNDS)]
