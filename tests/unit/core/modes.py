"""Marks that run a test under the providers' rules, all or some."""

import pytest

from tests.support.provider import Mode

each_mode = pytest.mark.parametrize("world", list(Mode), indirect=True)
keeping_old_tokens = pytest.mark.parametrize("world", [Mode.STATIC, Mode.LAX], indirect=True)
spending_old_tokens = pytest.mark.parametrize("world", [Mode.SINGLE, Mode.STRICT], indirect=True)
single = pytest.mark.parametrize("world", [Mode.SINGLE], indirect=True)
