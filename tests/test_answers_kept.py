"""Two hundred histories of a district's answers: edited by hand, typed into sheets, run, and stopped at any write.

After each step all that anybody ever said stands in ``answers.yml`` or still in a sheet; at the end, in the file.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justgeo import answers, answers_sheet, answers_text, checklists, config
from justgeo.core.answers import FORMS, Answers
from justgeo.report import checklist_sheets, write
from tests.known import known
from tests.report import made
from tests.test_answers_sheet import head
from tests.test_checklists import DISTRICT, Filled

RESULTS = {
    "name": "Mill Pond", "slug": "mill-pond", "synthetic": False, "zones": [], "records": [], "indicators": [],
    "groups": [], "layers": [],
}  # fmt: skip
ITEMS = made.checklist().items[-4:-1]
FIRST = """# ours
items:
  A02: first said   # at the fair
  # then

swot:
    - {text: first form, kind: threat}
# end
"""
FEW = tuple(form for form in FORMS if form.key in ("swot", "plans"))
"""Forms of the sheets here: each costs time, and all are read alike."""

kills = st.one_of(st.none(), st.integers(0, 24))
words = st.sampled_from(
    ["a", "=1+1", "two\nlines", "# no comment", "colon: here", "- dash", "'quote\"", "é ü", "yes", "{x}"]
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hand"), st.sampled_from(["comment", "head", "item", "form", "flow"])),
        st.tuples(st.just("type"), st.sampled_from(["out", "mine"]), st.integers(0, 2), words),
        st.tuples(st.just("copy")),
        st.tuples(st.just("read"), kills),
        st.tuples(st.just("run"), kills),
    ),
    min_size=2,
    max_size=6,
)


class Killed(BaseException):
    """The machine stops here."""


@dataclass
class History:
    """A district on a disk, and everything that was ever said."""

    base: Path
    said: set[str] = field(default_factory=lambda: {"first said", "first form"})
    comments: set[str] = field(default_factory=lambda: {"# ours", "# at the fair", "# then", "# end"})
    count: int = 0

    def new(self, more: str = "") -> str:
        self.count += 1
        return f"said {self.count} {more}".strip()

    @property
    def file(self) -> Path:
        return self.base / "answers.yml"

    def begin(self) -> None:
        self.base.mkdir()
        (self.base / "district.toml").write_text(DISTRICT, encoding="utf-8")
        self.file.write_text(FIRST, encoding="utf-8")
        self.run()
        shutil.copy(self.base / "out" / "checklist.xlsx", self.base / "mine.xlsx")

    def run(self) -> None:
        """As `justgeo run` does it, without the measuring."""
        folder = self.base / "out"
        told = config.read(self.base)
        told, _ = checklists.taken(told, folder)
        checklists.taken(told, folder)
        body = WORKBOOK(told.answers)
        files = ("checklist.xlsx", "manifest.json")
        write.put(folder, files, lambda part: write.sealed(part, {"checklist.xlsx": body}, write.MAKER))

    def read(self) -> None:
        checklists.read_back(self.base, self.base / "mine.xlsx")

    def hand(self, how: str) -> None:
        text, token = self.file.read_text(encoding="utf-8"), self.new()
        lines = text.splitlines()
        if how in ("comment", "head"):
            self.comments.add(f"# {token}")
            lines.insert(0 if how == "head" else len(lines), f"# {token}")
        elif how == "flow":
            if any(line.startswith("plans:") for line in lines):
                return
            lines.append(f"plans: [{{text: {token}}}, {token} too]")
            self.said |= {token, f"{token} too"}
        else:
            key = "items:" if how == "item" else "swot:"
            at = next(n for n, line in enumerate(lines) if line.startswith(key)) + 1
            inner = next(line for line in lines[at:] if line.strip() and not line.strip().startswith("#"))
            indent = " " * (len(inner) - len(inner.lstrip()))
            lines.insert(at, f"{indent}H{self.count}: {token}" if how == "item" else f"{indent}- {token}")
            self.said.add(token)
        self.file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def type(self, where: str, row: int, more: str) -> None:
        path = self.base / ("out/checklist.xlsx" if where == "out" else "mine.xlsx")
        if not path.is_file():
            return
        body, text = WITH_TYPED(path.read_bytes(), row, f"said {self.count + 1} {more}".strip())
        if body:
            assert self.new(more) == text
            self.said.add(text)
            path.write_bytes(body)

    def copy(self) -> None:
        """A fresh copy to type into, unless what was typed into the last one would be lost by our own hand."""
        sheet = self.base / "out" / "checklist.xlsx"
        if sheet.is_file() and not typed_into(self.base / "mine.xlsx"):
            shutil.copy(sheet, self.base / "mine.xlsx")

    def missing(self, *, sheets: bool) -> set[str]:
        there = {one.text for _, one in answers.read(self.file).entries()}
        for path in self.base.glob("**/*.xlsx") if sheets else ():
            if ".part" not in str(path) and ".old" not in str(path):
                there |= typed_into(path)
        kept = set(answers_text.comments(self.file.read_text(encoding="utf-8")))
        return (self.said - there) | (self.comments - kept)


def with_typed(body: bytes, row: int, text: str) -> tuple[bytes, str]:
    """A sheet with a text typed into a row; nothing where something is in that cell already."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    tab = book["Checklist"]
    top, columns = head(tab)
    cell = tab.cell(top + 1 + row, columns["Your answer"])
    if cell.value is not None:
        return b"", ""
    cell.value = text
    made = io.BytesIO()
    book.save(made)
    return made.getvalue(), str(cell.value)


def typed_into(path: Path) -> frozenset[str]:
    """Texts in a sheet."""
    return frozenset(one.text for _, one in answers_sheet.of_any(path)[1].entries())


OF_ANY = known(answers_sheet.of_any, lambda path: (path.name, path.read_bytes()))
WITH_TYPED = known(with_typed, lambda *asked: asked)
PARSE = known(answers_text.parse, lambda text, name: (text, name))
COMMENTS = known(answers_text.comments, lambda text: text)
WORKBOOK = known(lambda said: checklist_sheets.workbook(Filled(ITEMS, said), RESULTS), repr)
"""For all histories: they begin alike, and each step reads again what the one before wrote."""


@contextmanager
def few_and_remembered() -> Iterator[None]:
    """Sheets of few rows and forms; what stands in one, or in a text, is looked up once: most stay as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checklist_sheets, "ROWS", 2)
        patch.setattr(checklist_sheets, "FORMS", FEW)
        patch.setattr(answers_sheet, "FORMS", FEW)
        patch.setattr(answers_sheet, "of_any", OF_ANY)
        patch.setattr(answers_text, "parse", PARSE)
        patch.setattr(answers_text, "comments", COMMENTS)
        yield


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district that was run once: each history begins in a copy of it."""
    folder = tmp_path_factory.mktemp("begun") / "place"
    with few_and_remembered():
        History(folder).begin()
    return folder


@contextmanager
def stopped(history: History, at: int | None) -> Iterator[None]:
    """Stop before the nth touch of the disk: what the disk holds at that moment is all that is left."""
    if at is None:
        yield
        return
    touches, left = [0], history.base.with_name(f"{history.base.name}-after-{history.count}-{at}")

    def touch(real: Callable[..., Any], half: bool = False) -> Callable[..., Any]:
        def instead(*args: Any, **more: Any) -> Any:
            touches[0] += 1
            if touches[0] == at + 1:
                if half:
                    real(args[0], args[1][: len(args[1]) // 2])
                shutil.copytree(history.base, left, symlinks=True)
                raise Killed
            return real(*args, **more)

        return instead

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", touch(os.fsync))
        for name in ("replace", "mkdir", "chmod", "unlink"):
            patch.setattr(Path, name, touch(getattr(Path, name)))
        patch.setattr(Path, "write_bytes", touch(Path.write_bytes, half=True))
        try:
            yield
        except Killed:
            patch.undo()
            shutil.rmtree(history.base)
            left.replace(history.base)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(told=steps)
def test_nothing_that_was_said_is_ever_lost(begun: Path, told: list[tuple[Any, ...]]) -> None:
    with few_and_remembered(), tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder) / "place")
        shutil.copytree(begun, history.base)
        for what, *more in told:
            if what in ("read", "run"):
                with stopped(history, more[0]):
                    getattr(history, what)()
            else:
                getattr(history, what)(*more)
            assert not history.missing(sheets=True), told
        history.run()
        history.read()
        assert not history.missing(sheets=False), told
        assert answers.read(history.file) != Answers()
