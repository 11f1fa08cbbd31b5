"""Cases that there are with TLS only: wrong certificates, and bytes of the handshake that are spoilt on their way."""

from collections.abc import Iterator

from tbfaults.certificates import Shown
from tbfaults.choice import Choice
from tbfaults.flows import Tls
from tbfaults.relay import Action, Harm
from tbfaults.scenario import Case
from tbfaults.troubles import Spoilt, WrongCertificate

_MISTAKES = {
    "expired": (Shown.EXPIRED, "TLS_EXPIRED"),
    "untrusted": (Shown.UNTRUSTED, "TLS_UNTRUSTED"),
    "wrong-host": (Shown.WRONG_HOST, "TLS_WRONG_HOST"),
    "no-tls": (None, "TLS_FAILED"),
}
# What each side sends for certain on the first connection: the handshake, and some of what comes behind it.
_BYTES = {True: 1000, False: 350}
_TIMES = {Action.CLOSE: 8, Action.STALL: 3, Action.FLIP: 8, Action.REPEAT: 3}
_PIECES = (1, 5, 100)


def cases(choice: Choice) -> Iterator[Case]:
    """All of them."""
    flow = choice.flow
    if flow.tls is Tls.NONE or flow.story is not None:
        return
    for name, (shown, outcome) in _MISTAKES.items():
        yield Case("mistake", flow, f"certificate-{name}", (WrongCertificate(shown, outcome),))
    for to_device, length in _BYTES.items():
        whom = "to-device" if to_device else "to-server"
        for action, count in _TIMES.items():
            for at in choice.sample(f"{action.value} {whom}", range(length), count):
                trouble = Spoilt(Harm(action, at, to_device))
                yield Case("handshake", flow, f"{whom}-{action.value}-{at:04}", (trouble,))
        for size in _PIECES:
            trouble = Spoilt(Harm(Action.SPLIT, size, to_device))
            yield Case("handshake", flow, f"{whom}-split-{size}", (trouble,))
