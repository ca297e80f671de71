"""Code: what was packed is read back, for one connection and for an array of them."""

from __future__ import annotations

import numpy as np

from wsnotebook.log.code import connection_of, is_sent, pack_code


def test_a_code_gives_back_connection_and_direction() -> None:
    """Ints and arrays agree, each pair has its own code, and the dtype of an array stays."""
    pairs = [(connection, sent) for connection in (0, 1, 2, 1 << 29) for sent in (False, True)]
    codes = [pack_code(connection, sent) for connection, sent in pairs]
    assert [(connection_of(code), is_sent(code)) for code in codes] == pairs and len({*codes}) == len(pairs)
    connections, sent = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    packed = pack_code(connections, sent)
    assert packed.dtype == np.int32 and packed.tolist() == codes
    assert connection_of(packed).tolist() == connections.tolist()
    assert is_sent(packed).tolist() == sent.astype(bool).tolist()
