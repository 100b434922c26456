"""What is added to what the settings say of themselves: an example of each, and what is to be guarded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_READ: Final[Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text("utf-8")
)
EXAMPLES: Final[Mapping[str, str]] = _READ["examples"]
GUARDED: Final[Mapping[str, str]] = _READ["guarded"]
