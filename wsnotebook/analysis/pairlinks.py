"""Which replies and cancels belong to which request, told by connection, direction, id and order alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Linked", "link"]


class Linked(NamedTuple):
    """Requests, their replies and their cancels, as places of rows."""

    requests: NDArray[np.int64]
    replies: NDArray[np.int64]
    """Those of one request are adjacent, in the order of requests."""
    counts: NDArray[np.int64]
    """Number of replies of each request."""
    cancels: NDArray[np.int64]
    """First cancel of each request; the number of rows where there is none."""
    unasked: int
    """Number of replies without a request."""

    def first_reply(self, marks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the first reply of each request whose row is marked; the number of rows where there is none."""
        owners = np.repeat(np.arange(len(self.requests)), self.counts)
        return _first(self.replies, owners, marks[self.replies], len(self.requests), len(marks))


def link(
    connections: NDArray[np.int64],
    codes: NDArray[np.int64],
    is_out: NDArray[np.bool_],
    asks: NDArray[np.bool_],
    answers: NDArray[np.bool_],
    cancels: NDArray[np.bool_],
) -> Linked:
    """Give each reply and each cancel to the last request before it with its id.

    Args:
        connections: the connection of each row, in order of record.
        codes: the number of its id; -1 without one.
        is_out: whether it was sent.
        asks: whether it is a request.
        answers: whether it is a reply to a request of the other side.
        cancels: whether it cancels a request of its own side; it may also look like a reply.
    """
    has_id = codes >= 0
    places = np.concatenate([np.flatnonzero((asks | answers) & has_id), np.flatnonzero(cancels & has_id)])
    is_cancel = np.arange(len(places)) >= np.count_nonzero((asks | answers) & has_id)
    asker_is_out = np.where(is_cancel, is_out[places], is_out[places] == asks[places])
    keys = [connections[places], asker_is_out, codes[places]]
    flows = pd.DataFrame(dict(enumerate(keys))).groupby([0, 1, 2], sort=False).ngroup().to_numpy(np.int64)
    order = np.lexsort((places, flows))
    places, flows, is_cancel = places[order], flows[order], is_cancel[order]

    is_request = asks[places] & ~is_cancel
    requests = np.flatnonzero(is_request)
    owner = np.cumsum(is_request) - 1
    is_linked = ~is_request & (owner >= 0)
    is_linked[is_linked] = flows[requests[owner[is_linked]]] == flows[is_linked]
    replies, ended = np.flatnonzero(is_linked & ~is_cancel), np.flatnonzero(is_linked & is_cancel)
    is_left = answers.copy()
    is_left[places[is_linked]] = False
    return Linked(
        places[requests],
        places[replies],
        np.bincount(owner[replies], minlength=len(requests)),
        _first(places[ended], owner[ended], np.ones(len(ended), bool), len(requests), len(asks)),
        int(is_left.sum()),
    )


def _first(
    places: NDArray[np.int64], owners: NDArray[np.int64], marks: NDArray[np.bool_], count: int, none: int
) -> NDArray[np.int64]:
    """Return the lowest marked place of each of ``count`` owners, ``none`` where one has no such place."""
    first = np.full(count, none, np.int64)
    np.minimum.at(first, owners[marks], places[marks])
    return first
