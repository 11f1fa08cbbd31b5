"""Tests of the page. A package, so that its browser, which keeps an event loop running, ends with it."""
