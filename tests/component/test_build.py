"""The component in projects of somebody else's: built for this computer, beside the stand-in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.component.project import (
    add_component,
    build_for_host,
    build_with_esp_idf,
    c_of_the_readme,
    copy_example,
    provisions_and_works,
    run,
)

PLAIN = "dev_sup_access_token_wo_ssl"


def test_minimal_project_provisions_and_works(tmp_path: Path) -> None:
    project = tmp_path / "app"
    copy_example(add_component(project, PLAIN), project)
    build_for_host(project, tmp_path / "build")
    provisions_and_works(project, tmp_path / "build", tmp_path)


@pytest.mark.parametrize("model", ["device_provisioning", "dev_sup_x509_chain_w_twowayssl"])
def test_minimal_project_of_a_model_with_tls_builds(model: str, tmp_path: Path) -> None:
    project = tmp_path / "app"
    copy_example(add_component(project, model), project)
    build_for_host(project, tmp_path / "build")


@pytest.mark.esp_idf
@pytest.mark.timeout(900)
def test_new_project_of_esp_idf_provisions_and_works(tmp_path: Path) -> None:
    """What `idf.py create-project` makes, and README.md of the component tells to add."""
    project = tmp_path / "app"
    run("idf.py", "create-project", "--path", project, "app")
    component = add_component(project, PLAIN)
    (project / "main/app.c").write_text(c_of_the_readme(component), encoding="utf-8")
    shutil.copy(component / "examples/minimal/main/app_sensors.c", project / "main")
    register = 'idf_component_register(SRCS "app.c" "app_sensors.c" PRIV_REQUIRES tb_mqtt_client_helper)\n'
    (project / "main/CMakeLists.txt").write_text(register)
    build_with_esp_idf(project, tmp_path / "build")
    provisions_and_works(project, tmp_path / "build", tmp_path)
