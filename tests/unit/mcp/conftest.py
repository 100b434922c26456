"""The command sends its log to standard error: the log of this process is put back."""

from tests.unit.cli.conftest import _log_put_back

__all__ = ["_log_put_back"]
