"""A Google Cloud on this machine: Cloud KMS and Secret Manager, spoken to with Google's own clients."""

from .faults import FOR_EVER, Fault
from .server import LocalCloud

__all__ = ["FOR_EVER", "Fault", "LocalCloud"]
