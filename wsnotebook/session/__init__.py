"""One connection in time: the session, its two channels, the pump that moves the frames, dialling and keepalive.

Anything that needs time, a queue or a socket lives here. What a frame is, which rule it breaks and how a connection ends
is wire/, what is recorded is log/. A new verb of a session is a method of session.py and of threadsafe.py; a new
argument of connect() is a field of dialer.Options; a new reaction to an end is a row of wire/closing.py.
"""

__all__: list[str] = []
