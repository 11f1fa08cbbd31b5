"""What the model of a build asks of the world around it, and which tests are for it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_embedded_idf import IdfApp
from tbgen.errors import GenError
from tbgen.ir import Device as Model

from tests.model import DEVICE, read_model


@dataclass(frozen=True)
class Build:
    """Firmware of *model*, with what menuconfig has chosen where the model leaves that open."""

    model: Model
    uses_tls: bool
    brings_token: bool
    shows_certificate: bool

    @staticmethod
    def of(app: IdfApp) -> "Build":
        """Know a build by the name of its program. UsageError when there is no such model."""
        name = Path(app.elf_file).stem
        try:
            model = DEVICE if name == DEVICE.name else read_model(name)
        except GenError as error:
            raise pytest.UsageError(f"the model of {app.elf_file} is not known: {error}") from error
        credentials, chosen = model.provisioning.credentials, app.sdkconfig
        return Build(
            model,
            uses_tls=model.provisioning.has_tls and bool(chosen.get("TBC_TRANSPORT_USES_TLS", True)),
            brings_token=credentials == "access_token" or bool(chosen.get("TBC_PROVISION_ACCESS_TOKEN")),
            shows_certificate=credentials in ("x509", "x509_chain") or bool(chosen.get("TBC_PROVISION_X509")),
        )

    def suits(self, item: pytest.Item) -> bool:
        """Whether a test of the suite is for this build: marked for TLS, or else for a device that brings a token."""
        if item.get_closest_marker("certificate") is not None:
            return self.shows_certificate
        return self.uses_tls if item.get_closest_marker("tls") is not None else self.brings_token
