"""What every test can ask for."""

pytest_plugins = ("tests.sandbox.cluster.fixtures", "tests.sandbox.forge.fixtures")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names of cases that are bytes nobody can read: by their argument.

    pytest would spell them out, and compressed ones hold the time they were made at:
    two workers that started in two seconds would not agree which tests there are.
    """
    unreadable = isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable())
    return argname if unreadable else None
