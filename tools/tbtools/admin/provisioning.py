"""How a device profile provisions: strategy, key and secret, put into the body of the profile."""

import copy
import os
from enum import Enum
from pathlib import Path
from typing import Any

from tbtools import secret
from tbtools.admin import certificates, release
from tbtools.console import EXIT_USAGE, ToolError
from tbtools.server.version import ServerVersion

Json = dict[str, Any]

_CHAIN = "X509_CERTIFICATE_CHAIN"
_DISABLED = "DISABLED"


class Strategy(str, Enum):
    """What a profile does with a device that asks for credentials, as the command line names it."""

    ALLOW_CREATING = "allow-creating"
    CHECK_PRE_PROVISIONED = "check-pre-provisioned"
    X509_CHAIN = "x509-chain"
    DISABLED = "disabled"

    @property
    def word(self) -> str:
        """ThingsBoard's own word for it."""
        return _WORDS[self]


_WORDS = {
    Strategy.ALLOW_CREATING: "ALLOW_CREATE_NEW_DEVICES",
    Strategy.CHECK_PRE_PROVISIONED: "CHECK_PRE_PROVISIONED_DEVICES",
    Strategy.X509_CHAIN: _CHAIN,
    Strategy.DISABLED: _DISABLED,
}


class Provisioning:
    """The key and the secret of one profile, from wherever a person keeps them, else as the server has them."""

    def __init__(
        self, profile_name: str, url: str, there: Json | None, generate: bool, certificate: Path | None
    ) -> None:
        self._name = profile_name
        self._keyring_name = f"provision secret of {profile_name} at {url}"
        configuration = configuration_of(there or {})
        is_chain = configuration.get("type") == _CHAIN  # then both are the certificate, of no use to another strategy
        self._kept_key = None if is_chain else (there or {}).get("provisionDeviceKey")
        self._kept_secret = None if is_chain else configuration.get("provisionDeviceSecret")
        self._kept_certificate = certificate_of(there or {})
        self._generate = generate
        self._certificate = certificate
        self.is_generated = False
        """Whether the secret was made here."""

    def fill(self, profile: Json, strategy: Strategy | None) -> Json:
        """Return *profile* with strategy, key and secret; None as strategy is that of the model."""
        filled = copy.deepcopy(profile)
        word = strategy.word if strategy else str(filled.get("provisionType") or _DISABLED)
        data = filled.setdefault("profileData", {})
        configuration = data.get("provisionConfiguration") or {}
        if configuration.get("type") != word:
            configuration = {"type": word}
        filled["provisionType"] = word
        if word == _CHAIN:
            filled["provisionDeviceKey"] = None  # the server makes it out of the certificate
            configuration = {
                "certificateRegExPattern": "(.*)",
                "allowCreateNewDevicesByX509Certificate": True,
                **{key: value for key, value in configuration.items() if value is not None},
                "provisionDeviceSecret": self._chain(),
            }
        elif word == _DISABLED:  # what the profile has stays: it may be enabled again, and boards know it
            configuration = {**configuration, "provisionDeviceSecret": self._kept_secret}
        else:
            filled["provisionDeviceKey"] = self._key()
            configuration = {**configuration, "provisionDeviceSecret": self._secret()}
        data["provisionConfiguration"] = configuration
        return filled

    def _key(self) -> str:
        return os.environ.get("TB_PROVISION_KEY") or self._kept_key or secret.random_text()

    def _secret(self) -> str:
        known = secret.given("TB_PROVISION_SECRET", self._keyring_name) or self._kept_secret
        if known:
            return known
        if self._generate:
            self.is_generated = True
            return secret.random_text()
        return secret.ask(
            f"the provision secret of device profile {self._name}",
            f"Set TB_PROVISION_SECRET, keep it once: {secret.keep(self._keyring_name)}; or give --generate-secret.",
        )

    def _chain(self) -> str | None:
        """The certificates, or None where the server has the same, which it keeps in a form of its own."""
        if self._certificate is None:
            if not self._kept_certificate:
                raise ToolError(
                    "strategy x509-chain needs the certificate that signs those of the devices",
                    "Give --certificate FILE (PEM).",
                    EXIT_USAGE,
                )
            return None
        text = certificates.read(self._certificate)
        return None if self._kept_certificate == certificates.bare(text) else text


def configuration_of(profile: Json) -> Json:
    """The provisionConfiguration of a profile as the server shows it."""
    return (profile.get("profileData") or {}).get("provisionConfiguration") or {}


def certificate_of(profile: Json) -> str | None:
    """The certificates of a profile with strategy x509-chain, in bare form."""
    configuration = configuration_of(profile)
    is_chain = configuration.get("type") == _CHAIN
    return certificates.bare(configuration.get("provisionDeviceSecret") or "") if is_chain else None


def check_release(profile: Json, version: ServerVersion | None) -> None:
    """Raise ToolError when the server is too old for the strategy of *profile*."""
    if profile["provisionType"] == _CHAIN and version is not None and not version.provisions_by_chain:
        raise release.too_old(version.full, "strategy x509-chain", "3.5")
