"""Messages as a slot app with any bug might send them."""

import json
from typing import Any

from hypothesis import strategies as st

VALID: dict[str, Any] = {
    "schema_version": 1,
    "slot_id": "slot-1",
    "instructor_id": "instructor-1",
    "partnership_type": "SASU",
    "meeting_point_id": "point-1",
    "latitude": 48.8566,
    "longitude": 2.3522,
    "lesson_start_at": "2026-12-05T09:00:00Z",
    "created_at": "2026-11-24T10:15:30.250Z",
    "duration_minutes": 60,
}

_TIMES = st.one_of(
    st.datetimes().map(lambda d: d.isoformat() + "Z"),
    st.from_regex(
        r"202[0-9]-[01][0-9]-[0-3][0-9][Tt _][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?([.,][0-9]{0,9})?"
        r"(Z|z|[+-][0-2][0-9]:?[0-6][0-9])?",
        fullmatch=True,
    ),
    st.just("2026-11-24T10:15:30.2500009+00:00"),
)
_NUMBERS = st.one_of(
    st.integers(-200, 1500),
    st.integers(),
    st.floats(-200, 200),
    st.floats(),
    st.sampled_from([10**400, -(10**4000), 1e308, -0.0, 5e-324]),
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TIMES, st.text(max_size=70)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_NAMES = st.sampled_from(sorted(VALID)) | st.text(max_size=8)


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """An event with a few fields changed, dropped, added or given twice."""
    pairs = [(name, value) for name, value in VALID.items() if draw(st.integers(0, 30))]
    for _ in range(draw(st.integers(0, 3))):
        name = draw(_NAMES)
        value = draw(_TIMES) if name.endswith("_at") else draw(_JSON)
        pairs.insert(draw(st.integers(0, len(pairs))), (name, value))
    if draw(st.booleans()):
        pairs = list(dict(pairs).items())
    ascii_only = draw(st.booleans())
    inside = ",".join(
        f"{json.dumps(k, ensure_ascii=ascii_only)}:{json.dumps(v, ensure_ascii=ascii_only)}"
        for k, v in pairs
    )
    return ("{" + inside + "}").encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event whose bytes were cut, overwritten or stuffed."""
    value = bytearray(draw(events()))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(value)))
        until = min(len(value), at + draw(st.integers(0, 3)))
        value[at:until] = draw(st.one_of(st.binary(max_size=3), _FRAGMENTS))
    return bytes(value)


_FRAGMENTS = st.sampled_from(
    [
        b"[" * 150 + b"]" * 150,
        b"{" * 1000,
        b'{"a":' * 190 + b"1" + b"}" * 190,
        b"9" * 5000,
        b"NaN",
        b"-Infinity",
        b"\xff",
        b"\\ud800",
        b"\\u0000",
        b'"',
        b"\\",
        b",",
        b"1e999",
        b"\xef\xbb\xbf",
        b'"x":"\xed\xa0\x80",',
        b" " * 70_000,
    ]
)

messages = st.one_of(events(), damaged(), st.binary(max_size=200))
