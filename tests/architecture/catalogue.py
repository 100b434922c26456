"""The catalogue of functions, whole, for the tests that hold it against everything else."""

from pathlib import Path
from typing import Final

from multi_user_oauth.sandbox.gateway_catalogue import Function, Route, whole_catalogue

__all__ = ["FUNCTIONS", "ROOT", "Function", "Route"]

ROOT: Final = Path(__file__).parents[2]
FUNCTIONS: Final = whole_catalogue(ROOT / "functions")
