"""Whether a topic of Pub/Sub is there; it loads Google's library."""

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from multi_user_oauth.events.pubsub import RECONNECTING, connect


def topic_trouble(topic: str, emulator: str | None, *, seconds: float) -> str:
    """Return the name of what Pub/Sub answers in place of the topic; empty where it is there."""
    try:
        if emulator is None:
            connect().get_topic(topic=topic, retry=None, timeout=seconds)
        else:
            import grpc

            with grpc.insecure_channel(emulator, options=RECONNECTING) as channel:
                connect(channel).get_topic(topic=topic, retry=None, timeout=seconds)
    except (GoogleAPIError, GoogleAuthError) as error:
        return type(error).__name__  # its text may repeat what was sent
    return ""
