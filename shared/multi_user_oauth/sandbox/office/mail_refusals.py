"""Why a request for mail is refused, in the words of whoever is asked."""


class RefusedError(Exception):
    """The request gets an error for an answer; the blueprint writes it in its provider's shape."""

    def __init__(
        self, status: int, text: str, code: str = "", scopes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code
        self.scopes = scopes
        """Those of which one is missing."""
