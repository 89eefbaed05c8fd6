"""What every test lives under: no network, and the real data only where it is."""

import socket
from pathlib import Path

import pytest
from hypothesis import settings

# Two shared cores: a slow example is no failure, a wrong one is.
settings.register_profile("yousu", deadline=None, max_examples=60)
settings.load_profile("yousu")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """A test that opens a network connection fails."""

    def refuse(*_args, **_kwargs):
        pytest.fail("a test tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def shared_data():
    """The real exports; a user's machine does not have them."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("no real exports beside the checkout (../shared/data)")
    return folder
