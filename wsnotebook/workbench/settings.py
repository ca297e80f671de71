"""Settings: what can be changed of a session while it lives, for the verbs and for the traits of the panel."""

from __future__ import annotations

from typing import Any

__all__ = ["SETTINGS", "change_setting", "setting_of", "settings_of"]

SETTINGS = ("masking", "answers_pings", "max_frame_size", "ping_interval", "compresses")
"""Their names, which are attributes of a session, or of its permessage-deflate."""


def settings_of(session: Any) -> dict[str, Any]:
    """Return the settings of a session; None for what it does not have, as a raw one no ping interval."""
    return {name: setting_of(session, name) for name in SETTINGS}


def setting_of(session: Any, name: str) -> Any:
    """Return one of them."""
    return getattr(_owner_of(session, name), name, None)


def _owner_of(session: Any, name: str) -> Any:
    """Return the object that has a setting; None where nothing has."""
    if name != "compresses":
        return session
    return next((each for each in session.extensions if each.name == "permessage-deflate"), None)


def change_setting(session: Any, name: str, value: Any) -> Any:
    """Set one of a session, in its loop where it is the ping interval; return the value that it has then.

    Raises:
        SessionClosed: the session has ended.
        ValueError, TypeError: the session refuses the value, it is raw and has no pinger, or compression was not
            negotiated.
    """
    if name == "ping_interval" and session.pump.raw:
        raise ValueError(
            f"{session.name} is a raw session, which has no pinger: start one with "
            "wsnotebook.pinger(session, 20, 15)."
        )
    session.outgoing.check()
    owner = _owner_of(session, name)
    if owner is None:
        raise ValueError(
            f"{session.name} compresses nothing: permessage-deflate was not negotiated with this server."
        )
    if name in ("compresses", "answers_pings") and not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {value!r}")
    setattr(owner, name, value)
    return getattr(owner, name)
