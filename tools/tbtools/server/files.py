"""Room for many sockets."""

import resource


def raise_file_limit() -> None:
    """Let this process open as many files as its hard limit says; the usual soft limit of 1,024 is too few."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
