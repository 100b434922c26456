"""A local cloud for these tests."""

from tests.support.cloud_fixtures import cloud, running_cloud

__all__ = ["cloud", "running_cloud"]
