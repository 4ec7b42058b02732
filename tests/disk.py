"""A disk that takes no more."""

import contextlib


@contextlib.contextmanager
def full(most):
    """Let no file grow beyond so many bytes, as on a full disk; the limit is one of Unix."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
