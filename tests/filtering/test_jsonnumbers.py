"""Numbers that Arrow reads from many payloads: the same rows as by Python alone, whatever one of the payloads is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wsnotebook.analysis  # noqa: F401 - loads pyarrow, as whoever asks for a DataFrame
from tests.filtering.conftest import Recorded
from wsnotebook.filtering.jsonnumbers import numbers_at
from wsnotebook.filtering.parser import parse_filter, payload_test
from wsnotebook.filtering.search import Search
from wsnotebook.wire.frames import Frame

PLAIN = [b'{"price":%d.5,"a":{"price":%d}}' % (place % 200, place % 3) for place in range(300)]
ODD = [
    b'{"price":1,"price":200}', b'{"price":1,"pr\\u0069ce":200}', b'{"x":1,"x":2,"price":200}', b'{"price":NaN}', b'{"price":-Infinity}', b'{"price":Inf}',
    b'{"x":Inf,"price":200}', b'{"x":-NaN,"price":200}', b'{"x":Infinity,"price":200}', b'{"price":1e400}', b'{"price":18446744073709551617}',
    b'{"price":9007199254740993}', b'{"price":"200"}', b'{"price":" 1e3 "}', b'{"price":"dear"}', b'{"price":true}', b'{"price":null}', b'{"price":[200]}', b'{"price":{}}',
    b"{}", b'{"note":"\\"price\\":200"}', b'{"x":"\xff","price":200}', b'{"x":"\xed\xa0\x80","price":200}', b'{"x":"\\ud800","price":200}', b'{"price":200}{}', b'{"price":200}{"price":1}',
    b'{"price":200},{"price":1}', b'{}\0}', b'{"price":200}\0{"price":1}', b'{"x":"\x01","price":200}', b'{"price":200,}', b'{"price":0200}', b'{"x":' + b"9" * 5000 + b',"price":200}',
    b'{"price":' + b"9" * 5000 + b"}", b'{"x":' + b"[" * 3000 + b"]" * 3000 + b',"price":200}', b'{"x":' + b'{"x":' * 600 + b"1" + b"}" * 600 + b',"price":200}', b"", b" ", b"ping", b"200",
    b"[200]", b'[{"price":200}]', b'{"price":200', b'"price":200}', b'{"price":200,\n"x":1}', b'{\r"price":200}', b'{"x":"a\nb","price":200}', b' {"price":200}', b'{"price":200} ',
    b'\xef\xbb\xbf{"price":200}', b'{"a":{"price":1},"a":{"price":2}}', b'{"a":null}', b'{"a":{"price":null}}', b'{"a":1}', b'{"price":-0.0}', b'{"price":1E+2}', b'{"price":100}',
    b'{"price":100.000000000000000000001}', b'{"price":-1e-400}', b'{"caf\xc3\xa9":200}',
]  # fmt: skip
TERMS = [
    "$.price>100", "$.price>=100", "$.price<100", "$.price<=100", "$.price=100", "$.price!=100", "$.price=9007199254740993", "$.price>1e400", "$.price=0",
    "$.price!=NaN", "$.price~1", "$.price", "$.a.price>1", "$.a.price!=1", "$.café>100",
]  # fmt: skip


def met_by_each(term: str, payloads: Sequence[bytes]) -> list[int]:
    """Return the places of the payloads that meet a term, each asked by itself, which needs no Arrow."""
    meets = payload_test(term)
    return [place for place, payload in enumerate(payloads) if meets(payload)]


def met_together(recorded: Any, term: str, payloads: Sequence[bytes]) -> list[int]:
    """Return the rows of a log that a filter finds."""
    recorded.record(*map(Frame.binary, payloads))
    search = Search(recorded.log, parse_filter(term))
    while search.step():
        pass
    return search.window(0, len(payloads))[1].tolist()


def read(payloads: Sequence[bytes], *keys: str) -> Any:
    """Return what Arrow reads of payloads."""
    offsets = np.cumsum([0, *map(len, payloads)])
    return numbers_at(b"".join(payloads), offsets, keys)


def test_arrow_reads_the_numbers_of_plain_objects() -> None:
    """Also below another key, with null and with nothing there; this way is the quick one."""
    numbers = read([*PLAIN, b'{"price":null}', b'{"x": [1, {"price": 2}]}'], "price")
    assert numbers[:-2].tolist() == [json.loads(each)["price"] for each in PLAIN]
    assert np.isnan(numbers[-2:]).all()
    assert read([*PLAIN, b'{"a":null}'], "a", "price")[:4].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("term", TERMS)
def test_an_odd_payload_among_plain_ones_changes_no_answer(make_recorded: Any, term: str) -> None:
    """Each odd one alone among plain ones, in turn at the begin, in the middle and at the end."""
    for number, odd in enumerate(ODD):
        place = (0, 150, 300)[number % 3]
        payloads = [*PLAIN[:place], odd, *PLAIN[place:]]
        assert met_together(make_recorded(), term, payloads) == met_by_each(term, payloads), odd


_NUMBERS = st.one_of(
    st.integers(),
    st.integers(99, 101),
    st.floats(),
    st.integers(2**53 - 2, 2**53 + 2),
    st.sampled_from([100, 100.0, 1e308]),
)
_VALUES = st.recursive(
    st.one_of(_NUMBERS, st.none(), st.booleans(), st.text(max_size=4), _NUMBERS.map(json.dumps)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["price", "a", "é"]), inner),
    max_leaves=4,
)
_OBJECTS = st.dictionaries(st.sampled_from(["price", "a", "x", "pric\u00e9"]), _VALUES, max_size=3)
_TEXTS = st.builds(json.dumps, _OBJECTS, ensure_ascii=st.booleans()).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@st.composite
def _damaged(draw: Any) -> bytes:
    """JSON of which a few bytes are replaced, taken out or put in, mostly such as JSON is made of."""
    text = bytearray(draw(_TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text[start:end] = draw(
            st.sampled_from([b"", b"{", b"}", b"}{", b'"', b",", b":", b"[", b"]", b"\\", b"0", b"-", b"e", b".", b" "])
            | st.binary(max_size=2)
        )  # fmt: skip
    return bytes(text)


@given(
    st.lists(st.one_of(_TEXTS, _damaged(), st.sampled_from(ODD)), min_size=1, max_size=6),
    st.sampled_from(TERMS),
    st.integers(0, 300),
)
@example([b"{}{}", b"{}\0}", b'{"price":200}'], "$.price>100", 0)
@example([b"{}{}", b'{"x":"}', b'{","price":200}'], "$.price>100", 0)
@settings(deadline=None)
def test_strange_payloads_together_have_the_answers_that_each_has_alone(
    strange: list[bytes], term: str, place: int
) -> None:
    """Also those that would balance each other: one with two objects, and one with none."""
    payloads = [*PLAIN[:place], *strange, *PLAIN[place:]]
    assert met_together(Recorded(), term, payloads) == met_by_each(term, payloads)


@pytest.mark.parametrize("odd", [each for each in ODD if b"Inf" in each or b"\xff" in each or b"\0" in each])
def test_python_reads_what_arrow_would_read_in_another_way(odd: bytes) -> None:
    """A number or a text that is none for Python, or an end that is none."""
    assert read([*PLAIN, odd], "price") is None


@pytest.mark.parametrize(("rows", "loads"), [(5000, False), (100_000, True)])
def test_arrow_is_loaded_for_a_long_log_only(rows: int, loads: bool) -> None:
    """A panel without a DataFrame would pay 0.1 s and 40 MB for nothing; pandas, which takes longer, is loaded for none."""
    code = (
        "import sys, wsnotebook; from wsnotebook.filtering import parse_filter, Search\n"
        "from wsnotebook.wire.batch import Batch\n"
        "log = wsnotebook.FrameLog(); batch = Batch()\n"
        "from wsnotebook.log.connections import Connection\n"
        "for _ in range(int(sys.argv[1])): batch.add(0x81, b'{\"price\": 101}', 0)\n"
        "log.append(batch, log.register(Connection('s')), 'in', 0, 0)\n"
        "search = Search(log, parse_filter('$.price>100'))\n"
        "while search.step(): pass\n"
        "print('pyarrow' in sys.modules, 'pandas' in sys.modules, search.end)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(rows)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(loads), "False", str(rows)]
