"""Routes that need a verified user: the bearer token of a request."""

import functools
from collections.abc import Callable
from typing import Any

from flask import g, request

from app.errors import NotAuthenticated
from app.users.auth import Auth

View = Callable[..., Any]


def requires_user(auth: Auth) -> Callable[[View], View]:
    """A decorator that gives a view the verified Identity of the bearer token as its first argument."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise NotAuthenticated
            g.identity = auth.verify(token.strip())
            return view(g.identity, *args, **kwargs)

        return guarded

    return decorate
