"""The build for Linux, after a change of the model."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "components/tb_mqtt_client_helper/gen/sources.cmake"


def test_the_program_of_another_model_goes(tmp_path: Path) -> None:
    found = re.search(r"TB_MODEL_NAME (\w+)", GENERATED.read_text())
    assert found
    name = found[1]
    for program in (name, "another"):
        (tmp_path / f"{program}.elf").touch()
    (tmp_path / "sdkconfig").touch()
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", ROOT / "host", "-B", tmp_path, f"-DTB_SDKCONFIG={tmp_path / 'sdkconfig'}"],
        capture_output=True,
        check=True,
    )
    assert [path.stem for path in tmp_path.glob("*.elf")] == [name]
