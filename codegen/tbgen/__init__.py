"""Device model in, C out: load, schema, ir, render, store; each stage knows only the one before it."""

VERSION = "1"
"""Goes into every manifest; raise it when the same model gives other bytes."""
