"""Numbers that Arrow reads from many payloads: the same rows as by Python alone, whatever one of the payloads is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wsnotebook.analysis  # noqa: F401 - loads pyarrow, as whoever asks for a DataFrame
from tests.filtering.conftest import Recorded
from wsnotebook.filtering.arrowjson import Kind, columns_at, odd_payloads
from wsnotebook.filtering.hasjson import HasJson
from wsnotebook.filtering.jsonpayloads import parsed_payloads
from wsnotebook.filtering.parser import parse_filter, payload_test
from wsnotebook.filtering.search import Search
from wsnotebook.wire.frames import Frame

PLAIN = [
    b'{"price":%d.5,"a":{"price":%d,"symbol":"x"},"symbol":"%s","on":%s}'
    % (
        place % 200,
        place % 3,
        (b"AAPL", b"AAPL", b"AAPL", b"MSFT", b"aapl.x")[place % 5],
        (b"true", b"false")[place % 2],
    )
    for place in range(300)
]
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
    b'{"price":null,"price":200}', b'{"price":200,"price":null}', b'{"a":{"price":2},"a":null}', b'{"a":{"price":2,"price":1}}', b'{"price":200}{"x":{}}',
]  # fmt: skip
ODD_TEXTS = [
    b'{"symbol":"\\u0041APL"}', b'{"symb\\u006fl":"AAPL"}', b'{"symbol":"AAPL","symbol":"x"}', b'{"symbol":"x","symb\\u006fl":"AAPL"}', b'{"symbol":null,"symbol":"AAPL"}',
    b'{"symbol":"AAPL","symbol":null}', b'{"symbol":null}', b'{"symbol":true}', b'{"symbol":"true"}', b'{"symbol":100}', b'{"symbol":"100"}', b'{"symbol":["AAPL"]}', b'{"symbol":{"x":"AAPL"}}',
    b'{"symbol":""}', b'{"symbol":" AAPL"}', b'{"Symbol":"AAPL"}', b'{"symbol":"aapl"}', b'{"symbol":"AAPL\\u0000"}', b'{"symbol":"\\ud83d\\ude00"}', b'{"symbol":"\xf0\x9f\x98\x80"}',
    b'{"symbol":"\\ud800"}', b'{"symbol":"\\ude00"}', b'{"symbol":"\\ude00\\ud83d"}', b'{"symbol":"\xed\xa0\x80"}', b'{"symbol":"\xff"}', b'{"symbol":"AAPL\xc3"}', b'{"symbol":"\xc3\xa9"}', b'{"symbol":"\\u00C9"}',
    b'{"symbol":"\xe2\x84\xaa"}', b'{"symbol":"\\u212a"}', b'{"symbol":"k"}', b'{"symbol":"\xc4\xb0"}', b'{"symbol":"a\\"b"}', b'{"symbol":"a\\u0022b"}', b'{"symbol":"a\\/b"}', b'{"symbol":"a/b"}',
    b'{"symbol":"A\nAPL"}', b'{"symbol":"\x01"}', b'{"symbol":"\x7f"}', b'{"symbol":"\\x41APL"}', b'{"symbol":"\\u41APL"}', b'{"symbol":AAPL}', b"{'symbol':'AAPL'}", b'{"x":"\\"symbol\\":\\"AAPL\\""}',
    b'{"x":"AAPL","symbol":"x"}', b'{"x":{"symbol":"AAPL"}}', b'["AAPL"]', b'"AAPL"', b"AAPL", b'{"symbol":"AAPL"', b'{"symbol":"AAPL"}}', b'{"symbol":"AAPL"}{"symbol":"x"}', b'{"symbol":"NaN"}', b'{"symbol":"Infinity"}',
    b'{"on":"true"}', b'{"on":1}', b'{"on":null}', b'{"on":true,"on":false}', b'{"on":True}', b'{"a":{"symbol":"y"},"a":1}', b'{"a":"x"}', b'{"a":[{"symbol":"x"}]}', b'{"symbol":"\xef\xbf\xbf"}', b'{"symbol":"\xf0\x90\x80\x80"}',
    b'{",":"}', b'{","symbol":"AAPL"}', b'{":":"AAPL","symbol":"}', b'{"}":{"symbol":"AAPL"}}', b'{"]":1,"symbol":"AAPL"}', b'{" ":1,"symbol":"AAPL"}', b'{"":1,"symbol":"AAPL"}', b'{ "symbol" : "AAPL" }', b'{}', b'{"}',
]  # fmt: skip
TERMS = [
    "$.price>100", "$.price>=100", "$.price<100", "$.price<=100", "$.price=100", "$.price!=100", "$.price=9007199254740993", "$.price>1e400", "$.price=0",
    "$.price!=NaN", "$.price~1", "$.price", "$.a.price>1", "$.a.price!=1", "$.café>100", "-$.price>100", "-$.price!=100", "$.price>1 $.price<100", "$.price>100 $.a.price=2", "$.a=1 $.a.price>1",
]  # fmt: skip
TEXT_TERMS = [
    "$.symbol=AAPL", "$.symbol:AAPL", "$.symbol==AAPL", "$.symbol!=AAPL", "$.symbol>B", "$.symbol>=MSFT", "$.symbol<MSFT", "$.symbol<=MSFT", "$.symbol~ap", "$.symbol~AP", "$.symbol~k", "$.symbol~K",
    '$.symbol="100"', "$.symbol=100", '$.symbol=""', '$.symbol~""', "$.symbol=é", "$.symbol~É", "$.symbol~i", "$.symbol=😀", "$.symbol>\uffff", "$.symbol<\uffff", r'$.symbol="\ud800"', r'$.symbol!="\ud800"', r'$.symbol="a\"b"', '$.symbol="a/b"',
    r'$.symbol~"\""', '$.symbol="true"', "$.symbol=true", "$.symbol=null", '$.symbol=["AAPL"]', "$.symbol", "$.*=AAPL", "$.a.symbol=x", "$.a.symbol!=x", "$.a[0].symbol=x", "$.on=true", "$.on:false", "$.on!=true", "$.on>false",
    "$.on~true", '$.on="true"', "-$.symbol=AAPL", "-$.symbol!=AAPL", "-$.symbol<B", "-$.symbol~ap", "-$.a.symbol=x", "-$.on=true", "-$.on!=true", "-$.symbol", "$.symbol=AAPL $.price>50", "$.symbol=AAPL -$.on=true $.a.price>0",
    "$.symbol!=AAPL $.symbol~a", "$.symbol=AAPL $.symbol!=100", "$.symbol!=100 $.symbol=AAPL", "$.a.symbol=x $.a=1", "-$.symbol=AAPL -$.symbol=MSFT", "$.symbol>B -$.x", "price $.symbol=AAPL /x/",
]  # fmt: skip


def met_by_each(text: str, payloads: Sequence[bytes]) -> list[int]:
    """Return the places of the payloads that meet all terms, each asked by itself, which needs no Arrow."""
    return [place for place, payload in enumerate(payloads) if is_met(text, payload)]


@cache
def is_met(text: str, payload: bytes) -> bool:
    """Tell of one payload."""
    return all(asked(term)(payload) for term in text.split())


asked = cache(payload_test)


def met_together(recorded: Any, term: str, payloads: Sequence[bytes]) -> list[int]:
    """Return the rows of a log that a filter finds."""
    recorded.record(*map(Frame.binary, payloads))
    search = Search(recorded.log, parse_filter(term))
    while search.step():
        pass
    return search.window(0, len(payloads))[1].tolist()


def read(payloads: Sequence[bytes], *keys: str, kind: Kind = "number") -> Any:
    """Return what Arrow reads of payloads as a list."""
    offsets = np.cumsum([0, *map(len, payloads)])
    columns = columns_at(b"".join(payloads), offsets, {keys: kind})
    return None if columns is None else columns[keys].to_pylist()


def odd_of(payloads: Sequence[bytes]) -> list[int]:
    """Return the places of the payloads that Python has to read."""
    return odd_payloads(b"".join(payloads), np.cumsum([0, *map(len, payloads)])).tolist()


def test_arrow_reads_the_numbers_of_plain_objects() -> None:
    """Also below another key, with null and with nothing there; this way is the quick one."""
    numbers = read([*PLAIN, b'{"price":null}', b'{"x": [1, {"price": 2}]}'], "price")
    assert numbers == [json.loads(each)["price"] for each in PLAIN] + [None, None]
    assert read([*PLAIN, b'{"a":null}'], "a", "price") == [place % 3 for place in range(300)] + [None]


@pytest.mark.parametrize(
    ("term", "odd_ones"), [(each, ODD) for each in TERMS] + [(each, ODD_TEXTS) for each in TEXT_TERMS]
)
def test_an_odd_payload_among_plain_ones_changes_no_answer(
    make_recorded: Any, term: str, odd_ones: list[bytes]
) -> None:
    """Each odd one alone among plain ones, in turn at the begin, in the middle and at the end."""
    for number, odd in enumerate(odd_ones):
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
_KEYS = st.sampled_from(["price", "symbol", "on", "a", "x", "é", ",", ":", "}", "", " "])
_WORDS = st.sampled_from(
    ["AAPL", "MSFT", "aapl", "100", "true", "", "\u212a", "\ud800", "😀", "}{", '"', "\\", "NaN"]
)
_VALUES = st.recursive(
    st.one_of(_NUMBERS, st.none(), st.booleans(), st.text(max_size=4), _WORDS, _NUMBERS.map(json.dumps)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner),
    max_leaves=4,
)
_OBJECTS = st.dictionaries(_KEYS, _VALUES, max_size=3)
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
    st.lists(st.one_of(_TEXTS, _damaged(), st.sampled_from(ODD + ODD_TEXTS)), min_size=1, max_size=6),
    st.sampled_from(TERMS + TEXT_TERMS),
    st.integers(0, 300),
)
@example([b"{}{}", b"{}\0}", b'{"price":200}'], "$.price>100", 0)
@example([b"{}{}", b'{"x":"}', b'{","price":200}'], "$.price>100", 0)
@example([b'{"x":1}{"x":1}', b'{"x":"}', b'{","price":200}'], "$.price>100", 0)
@settings(deadline=None)
def test_strange_payloads_together_have_the_answers_that_each_has_alone(
    strange: list[bytes], term: str, place: int
) -> None:
    """Also those that would balance each other: one with two objects, and one with none."""
    payloads = [*PLAIN[:place], *strange, *PLAIN[place:]]
    assert met_together(Recorded(), term, payloads) == met_by_each(term, payloads)


@given(st.one_of(_TEXTS, _damaged(), st.sampled_from(ODD + ODD_TEXTS)), st.sampled_from(TERMS + TEXT_TERMS))
@settings(deadline=None)
def test_no_payload_is_passed_over_for_its_bytes(payload: bytes, text: str) -> None:
    """One without the bytes of a key or of a text is not read; what its JSON says would not have met the term."""
    for clause in parse_filter(text).payloads:
        if isinstance(clause.condition, HasJson):
            met = clause.condition.met_by(parsed_payloads([payload]))[0]
            assert clause.condition.is_met(payload) == met
            assert met <= clause.condition.may_be_met(payload, np.array([0, len(payload)]))[0]


@pytest.mark.parametrize("odd", [each for each in ODD if b"Inf" in each or b"\xff" in each or b"\0" in each])
def test_python_reads_what_arrow_would_read_in_another_way(odd: bytes) -> None:
    """A number or a text that is none for Python, or an end that is none; and nothing but these payloads."""
    assert odd_of([*PLAIN, odd, PLAIN[0]]) == [len(PLAIN)]


@pytest.mark.parametrize(("rows", "loads"), [(5000, False), (100_000, True)])
def test_arrow_is_loaded_for_a_long_log_only(rows: int, loads: bool) -> None:
    """A panel without a DataFrame would pay 0.1 s and 40 MB for nothing; pandas and Arrow's functions, which take longer, are loaded for none."""
    code = (
        "import sys, wsnotebook; from wsnotebook.filtering import parse_filter, Search\n"
        "from wsnotebook.wire.batch import Batch\n"
        "log = wsnotebook.FrameLog(); batch = Batch()\n"
        "from wsnotebook.log.connections import Connection\n"
        "for _ in range(int(sys.argv[1])): batch.add(0x81, b'{\"price\": 101}', 0)\n"
        "log.append(batch, log.register(Connection('s')), 'in', 0, 0)\n"
        "search = Search(log, parse_filter('$.price>100'))\n"
        "while search.step(): pass\n"
        "print(*[name in sys.modules for name in ('pyarrow', 'pyarrow.compute', 'pandas')], search.end)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(rows)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(loads), "False", "False", str(rows)]
