"""Where nobody may be led: this machine, the platform's own services, and every way to write them."""

from typing import Final

import pytest

INSIDE: Final = (
    "169.254.169.254",
    "metadata.google.internal",
    "metadata.google.internal.",
    "metadata",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "025177524776",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fe80::1%25eth0]",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",  # noqa: S104  # reason: it is refused
    "[::]",
    "[::1]",
    "localhost",
    "localhost.",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
)
"""Hosts as somebody may write them; none of them is one of ours."""
DISGUISED: Final = (
    "graph.microsoft.com.",
    "graph.microsoft.com@169.254.169.254",
    "169.254.169.254@graph.microsoft.com",
    "user:secret@graph.microsoft.com",
    "graph.microsoft.com:443",
    "graph.microsoft.com:80",
    "graph.microsoft.com%2eevil.example",
    "graph.microsoft.com%00.evil.example",
    "graph.microsoft.com%2f@evil.example",
    "%67raph.microsoft.com",
    "GRAPH.MICROSOFT.COM",
    "graph.microsoft.com.evil.example",
    "evilgraph.microsoft.com",
    "microsoft.com",
    "graph.microsoft.com\\@evil.example",
    "graph.microsoft.com\t",
    "gr\u0430ph.microsoft.com",
    "\u24d6raph.microsoft.com",
    "graph\u3002microsoft.com",
    "\u2460\u2461\u2466.0.0.1",
    "xn--graph-9za.microsoft.com",
    "graph..microsoft.com",
    ".graph.microsoft.com",
    "",
)
"""What is nearly an allowed host, or means another one to some reader."""


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The addresses that any socket was told to connect to, all of them refused."""
    asked: list[object] = []

    def connect(_: object, address: object) -> None:
        asked.append(address)
        raise OSError("no way out of this test")

    monkeypatch.setattr("socket.socket.connect", connect)
    monkeypatch.setattr("socket.socket.connect_ex", connect)
    return asked
