"""The browser: Debian's Chromium, or the one that Playwright has brought."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

DEBIAN_CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def launch(playwright: Playwright) -> Browser:
    """Start it, without a window; as root it does not run in its sandbox."""
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    return playwright.chromium.launch(
        executable_path=DEBIAN_CHROMIUM if DEBIAN_CHROMIUM.exists() else None, args=arguments
    )
