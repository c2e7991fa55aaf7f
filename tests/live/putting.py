"""A record that processes of the tests put below a URL: with few imports, since each process makes them anew."""

from __future__ import annotations

from justgeo.sources.live.records import Question, Records, Told

QUESTION = Question("tracts 2024, state 51", "census_files", {"year": 2024})
TOLD = Told(source="s", dataset="d", vintage="2024", licence="l")


def put(where: Records, content: bytes = b"PK whole") -> None:
    with where.room(QUESTION) as folder:
        (folder / "a.zip").write_bytes(content)
        where.keep(QUESTION, folder, TOLD)
