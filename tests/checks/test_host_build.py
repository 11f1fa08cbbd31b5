"""The build for Linux: after a change of the model, and when what was generated is stale."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = "components/tb_mqtt_client_helper"
GENERATED = ROOT / COMPONENT / "gen/sources.cmake"
MODEL = "codegen/models/dev_sup_access_token_wo_ssl.yaml"


def configure(project: Path, build: Path) -> None:
    (build / "sdkconfig").touch()
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", project / "host", "-B", build, f"-DTB_SDKCONFIG={build / 'sdkconfig'}"],
        capture_output=True,
        check=True,
    )


def check_gen(project: Path) -> str:
    """Return what the check of each build says of *project*."""
    script = project / COMPONENT / "check_gen.cmake"
    return subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=True).stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own for the default model."""
    folder = tmp_path / "a project (new)"
    options = ("--model", ROOT / MODEL, "--out", folder)
    subprocess.run([sys.executable, ROOT / "codegen/gen.py", *options], capture_output=True, check=True)
    return folder


def test_the_program_of_another_model_goes(tmp_path: Path) -> None:
    found = re.search(r"TB_MODEL_NAME (\w+)", GENERATED.read_text())
    assert found
    name = found[1]
    for program in (name, "another"):
        (tmp_path / f"{program}.elf").touch()
    configure(ROOT, tmp_path)
    assert [path.stem for path in tmp_path.glob("*.elf")] == [name]


def test_what_was_just_generated_is_not_stale(project: Path) -> None:
    (project / "main/app_sensors.c").write_text("// mine\n")
    assert check_gen(project) == ""


def test_a_changed_model_is_stale(project: Path) -> None:
    with (project / MODEL).open("a") as model:
        model.write("# later\n")
    said = check_gen(project)
    assert f"{MODEL} was changed since" in said
    assert "run `make gen`, or `idf.py tb-gen`." in said
    assert "is not what was generated" not in said


@pytest.mark.parametrize("path", [f"{COMPONENT}/gen/tb_model.h", "main/Kconfig.projbuild", "sdkconfig.defaults"])
def test_an_edited_or_missing_file_is_stale(path: str, project: Path) -> None:
    with (project / path).open("a") as file:
        file.write("\n")
    assert f"{path} is not what was generated" in check_gen(project)
    (project / path).unlink()
    assert f"{path} is not what was generated" in check_gen(project)


def test_each_build_warns_until_it_is_put_right(project: Path, tmp_path: Path) -> None:
    def build() -> str:
        return subprocess.run(["ninja", "-C", tmp_path / "build"], capture_output=True, text=True, check=True).stdout

    (project / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "build").mkdir()
    configure(project, tmp_path / "build")
    assert "stale" not in build()
    text = (project / MODEL).read_text(encoding="utf-8")
    (project / MODEL).write_text(text + "# later\n", encoding="utf-8")
    for _ in range(2):
        assert "Generated files are stale" in build()
    (project / MODEL).write_text(text, encoding="utf-8")
    assert "stale" not in build()
