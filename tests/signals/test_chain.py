"""The chain: one way to write, every change found and named, files that check themselves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.domain.chain import (
    GENESIS,
    Break,
    Entry,
    Link,
    NotCanonical,
    Root,
    canonical,
    export_lines,
    link,
    read_export,
    walk,
)


def chained(count: int = 5, day: str = "2026-11-0{}") -> list[Entry]:
    entries: list[Entry] = []
    head = GENESIS
    for no in range(1, count + 1):
        body = canonical({"no": no, "at": f"{day.format(1 + no // 3)}T12:00:00Z", "score": 61.5})
        entries.append(Entry(no, head, body, link(head, body)))
        head = entries[-1].hash
    return entries


def first_break(entries: list[Entry]) -> Break:
    *good, last = list(walk(entries))
    assert isinstance(last, Break)
    assert all(isinstance(one, Link) for one in good)
    return last


def test_the_hash_is_of_the_one_before_and_the_body() -> None:
    one, two = chained(2)
    assert one.body == '{"at":"2026-11-01T12:00:00Z","no":1,"score":61.5}'
    assert one.hash == sha256(("0" * 64 + one.body).encode()).hexdigest()
    assert two.hash == sha256((one.hash + two.body).encode()).hexdigest()


def test_there_is_one_way_to_write() -> None:
    assert (
        canonical({"b": [1, 2.5, None, True], "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5,null,true]}'
    )
    for value in (float("nan"), float("inf"), 2**53 + 1, {1: "a"}, {"a": b""}, [{"a": {2}}]):
        with pytest.raises(NotCanonical):
            canonical(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)  # fmt: skip
def test_what_is_written_is_read_as_the_same_and_written_the_same(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_an_untouched_chain_holds() -> None:
    assert [type(one) for one in walk(chained())] == [Link] * 5
    assert list(walk([])) == []


@pytest.mark.parametrize("place", range(5))
def test_any_changed_byte_is_found_at_its_entry(place: int) -> None:
    entries = chained()
    text = entries[place].body
    for at in range(len(text)):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        broken = first_break(
            [*entries[:place], replace(entries[place], body=changed), *entries[place + 1 :]]
        )
        assert (broken.no, broken.field) == (place + 1, "body")


@pytest.mark.parametrize("place", range(4))
def test_the_field_that_was_changed_is_named(place: int) -> None:
    entries, other = chained(), "f" * 64
    for name, no in (("hash", place + 1), ("prev_hash", place + 1)):
        changed = [*entries]
        changed[place] = replace(changed[place], **{name: other})
        broken = first_break(changed)
        assert (broken.no, broken.field) == (no, name)
    # the last hash has no entry after it to tell: the body does not make it
    assert first_break([*entries[:4], replace(entries[4], hash=other)]).no == 5


def test_missing_doubled_and_swapped_entries_are_found() -> None:
    entries = chained()
    assert first_break([*entries[:2], *entries[3:]]) == Break(
        3, "no", "missing: entry 4 stands in its place"
    )
    assert first_break([*entries[:3], entries[2]]).no == 4
    assert first_break([entries[1], entries[0]]).no == 1
    # an entry made anew with a right hash breaks the one after it
    body = canonical({"no": 2, "at": "2026-11-01T12:00:00Z", "score": 99.5})
    forged = Entry(2, entries[0].hash, body, link(entries[0].hash, body))
    broken = first_break([entries[0], forged, *entries[2:]])
    assert (broken.no, broken.field) == (3, "prev_hash")


def test_a_body_that_hashes_well_must_still_be_canonical_and_name_itself() -> None:
    for body in ("[]", '{"no":2}', '{"no": 1}', "{", '{"no":1,"a":NaN}', "[" * 100_000):
        assert first_break([Entry(1, GENESIS, body, link(GENESIS, body))]).no == 1


def exported(entries: list[Entry]) -> list[str]:
    links = [one for one in walk(entries) if isinstance(one, Link)]
    return list(export_lines(links, world="sandbox"))


def test_a_file_holds_every_entry_and_the_root_of_every_day() -> None:
    entries = chained()
    lines = exported(entries)
    assert json.loads(lines[0]) == {"format": "aura-record-1", "world": "sandbox"}
    read = list(read_export(lines))
    assert [one for one in read if isinstance(one, Entry)] == entries
    assert [one for one in read if isinstance(one, Root)] == [
        Root("2026-11-01", entries[1].hash, 2), Root("2026-11-02", entries[4].hash, 5),
    ]  # fmt: skip
    assert exported([]) == lines[:1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{}"], "line 1: 'format'"),
        (['{"format":"x"}'], "line 1: format 'x' is not aura-record-1"),
        (['{"format":"aura-record-1"}', "nonsense"], "line 2: "),
        (['{"format":"aura-record-1"}', '{"no":1}'], "line 2: 'prev_hash'"),
        (['{"format":"aura-record-1"}', "[]"], "line 2: "),
        (['{"format":"aura-record-1"}', "7"], "line 2: "),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_line(lines: list[str], message: str) -> None:
    def read() -> Iterator[Any]:
        yield from read_export(lines)

    with pytest.raises(ValueError, match=message):
        list(read())
