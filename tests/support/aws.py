"""AWS as moto plays it, in this process, without a socket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws

TALKATIVE = ("boto3", "botocore")


@contextmanager
def moto_aws() -> Iterator[None]:
    """
    Play AWS; what was made in it is there the next time, since a key of moto's takes long to make.

    At DEBUG botocore writes down whole answers, plaintext keys included; so it is kept quiet here, as
    wherever our logging is configured.
    """
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    playing = mock_aws()
    playing.start(reset=False)
    try:
        yield
    finally:
        playing.stop(remove_data=False)
