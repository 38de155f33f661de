"""What can go wrong, and what a client can be refused for."""


class ClusterError(Exception):
    """Whatever this package raises."""


class BusUnavailable(ClusterError):
    """Redis refused a message or did not answer in time."""


class Overloaded(ClusterError):
    """Too much is asked at once; nothing is broken."""


class Refused(ClusterError):
    """What a client asked for is refused. The text is for a developer; `code` is for a program."""

    code = "refused"


class RateExceeded(Refused):
    """Too much was asked in too short a time; `retry_after_s` says when it may be asked again."""

    code = "too_many_requests"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"asked too often; again in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class UnknownEvent(Refused):
    code = "unknown_event"

    def __init__(self) -> None:
        super().__init__("there is no event of that name")


class NotAnObject(Refused):
    code = "invalid"

    def __init__(self) -> None:
        super().__init__("the payload of this event is a JSON object")


class NotAuthenticated(Refused):
    code = "not_authenticated"

    def __init__(self) -> None:
        super().__init__("this socket is not authenticated")


class TokenExpired(Refused):
    code = "token_expired"

    def __init__(self) -> None:
        super().__init__("the token has expired")


class OtherKey(Refused):
    """The token of a payload and that of its socket are of two different users."""

    code = "other_user"

    def __init__(self) -> None:
        super().__init__("this socket is authenticated as somebody else")
