"""What every test can ask for."""

pytest_plugins = ("tests.sandbox.cluster.fixtures", "tests.sandbox.forge.fixtures")
