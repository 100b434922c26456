"""A Google Cloud on this machine: Cloud KMS and Secret Manager, spoken to with Google's own clients."""

from ..fault_queue import FOR_EVER
from .faults import Fault
from .server import LocalCloud

__all__ = ["FOR_EVER", "Fault", "LocalCloud"]
