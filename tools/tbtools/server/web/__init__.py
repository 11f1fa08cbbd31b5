"""The page of the stand-in: what it serves, as a browser shows it."""
