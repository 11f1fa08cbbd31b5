"""How a secret is found: environment, keyring, or a question. Never an argument, which others could read."""

import os
import secrets
import shlex
import string
import sys

from tbtools.console import EXIT_USAGE, ToolError, progress_console

KEYRING_SERVICE = "thingsboard"
HIDDEN = "***"
_GENERATED_LENGTH = 20
_ALPHANUMERIC = string.ascii_letters + string.digits


def find(variable: str, name: str, what: str) -> str:
    """The secret of the environment's *variable*, else of *name* in the keyring, else what a person answers."""
    return given(variable, name) or ask(what, f"Set {variable}, or keep it once: {keep(name)}")


def keep(name: str) -> str:
    """The command that puts a secret into the keyring."""
    return f"keyring set {KEYRING_SERVICE} {shlex.quote(name)}"


def given(variable: str, name: str) -> str | None:
    """The secret of the environment's *variable*, else of *name* in the keyring, if any."""
    return os.environ.get(variable) or _from_keyring(name)


def ask(what: str, advice: str) -> str:
    """What a person answers; ToolError with *advice* when nobody is there, or nothing was typed."""
    if not sys.stdin.isatty():
        raise ToolError(f"{what} is not known", advice, EXIT_USAGE)
    answer = progress_console().input(f"{what[0].upper()}{what[1:]}: ", markup=False, password=True)
    if not answer:
        raise ToolError(f"{what} is empty", advice, EXIT_USAGE)
    return answer


def random_text() -> str:
    """20 random letters and digits, as ThingsBoard itself makes keys, secrets and tokens."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_GENERATED_LENGTH))


def shown(value: str | None, show: bool) -> str | None:
    """A secret as it may be printed."""
    return value if show or not value else HIDDEN


def _from_keyring(name: str) -> str | None:
    import keyring  # only now: it looks for backends when it is imported
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, name)
    except KeyringError:
        return None
