"""`make faults` and `make soak` in small: each family is tried, and a broken firmware is seen as one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent

# One of each family, and of each flow.
CASES = (
    "kill/create/store-12-fsync-before-lost",
    "kill/create-own/store-17-fsync-after-lost",
    "kill/pre-provisioned/recv-12-after-lost",
    "torn/create-own/store-09-write-7",
    "failing/create/store-14-write",
    "close/create/provision-answer-1",
    "drop/create-own/provision-request-1",
    "delay/create/provision-answer-600ms",
    "duplicate/basic-create/provision-answer",
    "malform/create-own/provision-answer-failure-though-created",
    "cut/create/provision-answer-040",
    "break/create/provision-answer-100",
    "split/create/1-bytes-0ms",
    "refuse/create-own/trial-5",
    "limit/create/devices",
    "mistake/pre-provisioned/secret",
    "mistake/tls-create/certificate-expired",
    "down/basic-create-own/after-provision",
    "version/create/3.2-answer-close",
    "kill-in-trouble/create/profile-disabled-store-13-unlink",
    "failing/client-id-create-own/store-14-write",
    "kill/user-name-create-own/send-05-after-lost",
    "kill/tls-create/send-08-after-lost",
    "failing/tls-basic-create-own/store-06-rename",
    "handshake/x509-create/to-device-split-100",
    "kill/x509-create/store-14-write-after-lost",
    "kill/x509-pre-provisioned/recv-30-after-lost",
    "kill/x509-chain/send-03-after-lost",
    "kill/generated-create/store-09-write-after-lost",
    "kill/generated-pre-provisioned/store-09-write-after-lost",
    "kill/rotation-device-first/store-09-rename-after-lost",
    "turn/rotation-device-first/connack-2-closed",
    "kill/rotation-server-first/store-04-rename-after-lost",
    "kill/deleted-create/send-12-after-lost",
    "uncut/refused-often/undisturbed",
    "uncut/refused-long/undisturbed",
    "uncut/deleted-create-own/undisturbed",
    "uncut/deleted-client-id/undisturbed",
    "uncut/deleted-x509/undisturbed",
    "uncut/remade-pre-provisioned/undisturbed",
    "close/freed-pre-provisioned/provision-answer-1",
)
# Those of them in which credentials are lost that only the server had.
HELPED = (
    "kill/generated-create/store-09-write-after-lost",
    "kill/generated-pre-provisioned/store-09-write-after-lost",
    "close/freed-pre-provisioned/provision-answer-1",
)


def _run(program: str, *arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "faults" / program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The library that the test names, to be preloaded."""
    library = tmp_path / f"{request.param}.so"
    command: list[str | Path] = [
        "cc",
        "-shared",
        "-fPIC",
        "-D_GNU_SOURCE",
        "-o",
        library,
        HERE / f"{request.param}.c",
        "-ldl",
    ]
    subprocess.run(command, check=True)
    return library


def test_devices_recover(tmp_path: Path) -> None:
    report = tmp_path / "faults.json"
    status, output = _run("faults.py", "--only", f"^({'|'.join(map(re.escape, CASES))})$", "--report", report)
    assert output.endswith(f"faults: {len(CASES)} tried, {len(CASES)} recovered, 0 devices lost\n")
    assert f"{len(HELPED)} of the recovered by an administrator" in output
    assert "│ torn            │     1 │         1 │      0 │    0 │     3 │" in output
    document = json.loads(report.read_text())
    endings = {case["id"]: case["ending"] for case in document["cases"]}
    assert endings == {case: "recovered by an administrator" if case in HELPED else "recovered" for case in CASES}
    assert (document["tried"], document["lost"], status) == (len(CASES), 0, 0)


@pytest.mark.parametrize(
    "broken, case",
    [
        ("lying_store", "kill/create-own/send-05-after-lost"),
        ("lying_sync", "kill/create-own/send-05-after-lost"),
        ("lying_store", "uncut/x509-create/undisturbed"),
        ("lying_store", "uncut/rotation-device-first/undisturbed"),
        ("lying_store", "uncut/deleted-create/undisturbed"),
    ],
    indirect=["broken"],
)
def test_lost_device_is_seen_and_its_case_repeated(broken: Path, case: str) -> None:
    status, output = _run("faults.py", "--case", case, "--preload", broken)
    assert output.endswith("faults: 1 tried, 0 recovered, 1 devices lost\n")
    assert f"$ python faults/faults.py --case {case} --preload" in output
    assert status == 1


def test_at_least_500_cases_each_of_its_own() -> None:
    status, output = _run("faults.py", "--list")
    ids = output.splitlines()
    assert status == 0
    assert len(ids) >= 500
    assert len(set(ids)) == len(ids)
    assert set(CASES) <= set(ids)


@pytest.mark.parametrize("flow", ["create-own", "x509-create"])
def test_soak_of_a_healthy_firmware(flow: str, tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    status, output = _run("soak.py", "--flow", flow, "--cycles", "40", "--boots", "3", "--report", report)
    assert "soak: 40 connections" in output
    assert "0 credentials lost" in output
    assert "OVER" not in output
    assert status == 0


@pytest.mark.parametrize("broken", ["leak"], indirect=True)
def test_leak_is_seen(broken: Path, tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    status, _ = _run("soak.py", "--cycles", "40", "--boots", "0", "--preload", broken, "--report", report)
    over = {figure["name"] for figure in json.loads(report.read_text())["figures"] if not figure["held"]}
    assert {"device: memory, last quarter - first", "device: descriptors, last quarter - first"} <= over
    assert status == 1
