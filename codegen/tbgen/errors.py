"""What can go wrong, in the words of the person who wrote the model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A line of a file, as the user named that file."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return the form that editors and terminals turn into a link."""
        return f"{self.file}:{self.line}"


class GenError(Exception):
    """The generator cannot do what it was asked; the text is all that the user gets to see."""


class ModelError(GenError):
    """A model, or another file in the same format, is wrong at one place.

    >>> print(ModelError(Where("m.yaml", 3), "telemetry[1].decimals", "9 is too much", "0 to 6"))
    m.yaml:3: telemetry[1].decimals: 9 is too much; 0 to 6
    """

    def __init__(self, where: Where, key: str, problem: str, allowed: str) -> None:
        """*key* is the dotted path of the wrong value, or empty when the file as a whole is wrong."""
        self.where = where
        self.key = key
        prefix = f"{where}: {key}: " if key else f"{where}: "
        super().__init__(f"{prefix}{problem}; {allowed}")
