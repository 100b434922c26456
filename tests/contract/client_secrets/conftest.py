"""The local cloud, where Secret Manager is."""

from tests.support.cloud_fixtures import cloud, running_cloud

__all__ = ["cloud", "running_cloud"]
