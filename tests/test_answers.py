"""``answers.yml``: read strictly, added to without losing a byte, whole whenever the machine stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from justgeo import answers, answers_text
from justgeo.core.answers import Answers, Entry, Target
from justgeo.core.errors import ConfigError

FILE = """\
# Kept by the planning office.

items:
  # the first question
  GW-1:
    - text: "The flood: of 2021 # not a comment"   # said at the meeting
      by: resident
      name: Ada Moss
      date: 2026-03-14
      state: under way
      evidence: [evidence/minutes.pdf, "https://example.org/a"]
      publish: yes
  # the second one
  GW-2: Forty came.

swot:
- {kind: strength, text: The tenants' hall, publish: true}
targets:
  - indicator: WEL-04.800
    target: "75 %"
    year: 2032
    # why so late
    note: Voted on
# the end
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "answers.yml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_what_stands_in_the_file_is_read(file: Path) -> None:
    said = answers.read(file)
    first = said.items["GW-1"][0]
    assert (first.text, first.by, first.name) == ("The flood: of 2021 # not a comment", "resident", "Ada Moss")
    assert (first.date, first.state, first.publish, first.publish_name) == ("2026-03-14", "under way", True, False)
    assert first.evidence == ("evidence/minutes.pdf", "https://example.org/a")
    assert said.items["GW-2"] == (Entry("Forty came."),)
    assert said.forms["swot"][0].more == {"kind": "strength"}
    assert said.targets == (Target("WEL-04.800", 0.75, 2032, note="Voted on"),)


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert not answers.read(tmp_path / "answers.yml")


@pytest.mark.parametrize(
    ("text", "told", "remedy"),
    [
        ("item: {}", "unknown key 'item'", "'items'"),
        ("items: {GW-1: [{txt: a}]}", "unknown key 'txt'", "'text'"),
        ("swot: [{kind: strenght, text: a}]", "'kind' = 'strenght'", "'strength'"),
        ("swot: [{text: a, kinds: strength}]", "unknown key 'kinds'", "'kind'"),
        ("items: {GW-1: [{state: finished}]}", "'state'", "'done'"),
        ("items: {GW-1: [{text: a, date: last May}]}", "'last May' is no date", "2026-03"),
        ("items: {GW-1: [{text: a, publish: perhaps}]}", "'publish' = 'perhaps'", "boolean"),
        ("items: {GW-1: [{by: resident}]}", "an entry says nothing", "text"),
        ("items: {GW-1: [{text: a, evidence: ../secret.pdf}]}", "is no evidence", "folder"),
        ("items: {GW-1: [{text: a, evidence: /etc/passwd}]}", "is no evidence", "folder"),
        ('items: {GW-1: [{text: a, evidence: "javascript:alert(1)"}]}', "is no evidence", "https"),
        ('items: {GW-1: [{text: a, evidence: "C:\\\\x.pdf"}]}', "is no evidence", "https"),
        ("items: {GW-1: [{text: a, evidence: .ssh/key}]}", "is no evidence", "https"),
        ('items: {GW-1: "a\\u202Eb"}', "cannot be seen", "take it out"),
        ("items: {GW-1: " + "a" * 5001 + "}", "5,001 characters", "shorten"),
        ("items: {GW-1: {text: a}}", "no list", "dash"),
        ("items: [a]", "holds no ids", "GW-1"),
        ("items: {1: a}", "the key 1 is no text", '"1"'),
        ("items: {GW-1: a, GW-1: b}", "duplicate key", "once"),
        ("targets: [{indicator: WEL-04.800, target: 75, year: 2032}]", "share from 0 to 1", "0.75"),
        ("targets: [{indicator: WEL-04.800, target: many, year: 2032}]", "'many' is no number", "30 %"),
        ("targets: [{indicator: WEL-04.800, target: .inf, year: 2032}]", "has to be a number", "0.3"),
        ("targets: [{indicator: WEL-04.800, target: 0.3}]", "'year' is missing", "year"),
        ("targets: [{indicator: WEL-04.800, target: 0.3, year: 2032, yaer: 1}]", "'yaer'", "'year'"),
        ("targets: [{indicator: DEM-00.population, target: '30 %', year: 2032}]", "is in persons", "in that unit"),
        ("a: &a [x]\nb: *a", "names a part", "write it out"),
        ("a: !!python/object/apply:os.system [true]", "gives a type", "write it out"),
        ("a: " + "[" * 5000, "nested too deeply", "write it out"),
        ("# " + "x" * 600_000, "600,002 characters", "files of their own"),
        ("items: [", "cannot be read as YAML", "mend that line"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_would_be(
    tmp_path: Path, text: str, told: str, remedy: str
) -> None:
    path = tmp_path / "answers.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        answers.read(path)
    assert told in refused.value.message and remedy in refused.value.remedy, str(refused.value)


def test_names_that_unfold_to_gigabytes_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path = tmp_path / "answers.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match="names a part"):
        answers.read(path)


def test_what_is_added_leaves_every_line_where_it_was(file: Path) -> None:
    typed = Answers(
        {"GW-1": (Entry("Two\nlines", by="school"),), "RM-1": (Entry("=1+1", date="2026"),)},
        {"swot": (Entry("Rents: rising", more={"kind": "threat"}),), "plans": (Entry("A bus lane"),)},
        (Target("WEL-04.800", 0.8, 2040, publish=True),),
    )
    done = answers.merge(file, typed)
    made = file.read_text(encoding="utf-8")
    left = iter(made.splitlines())
    assert all(line in left for line in FILE.splitlines()), made
    assert answers_text.comments(made) == answers_text.comments(FILE)
    said = answers.read(file)
    assert said.items["GW-1"][1] == Entry("Two\nlines", by="school") and said.items["RM-1"][0].text == "=1+1"
    assert said.forms["swot"][1].more == {"kind": "threat"} and said.targets[1].publish
    assert len(done.added) == 5 and done.path == file


def test_what_is_there_already_is_not_added_again(file: Path) -> None:
    typed = Answers({"GW-2": (Entry(" Forty  came.\n", publish=True),)})
    before = file.read_bytes()
    assert answers.merge(file, typed).added == () and file.read_bytes() == before


def test_an_answer_of_one_word_becomes_the_first_of_a_list(file: Path) -> None:
    done = answers.merge(file, Answers({"GW-2": (Entry("Fifty came."),)}))
    assert [one.text for one in answers.read(file).items["GW-2"]] == ["Forty came.", "Fifty came."]
    assert done.told == ("GW-2: nobody named says 2 different things; all are kept.",)
    assert answers_text.comments(file.read_text()) == answers_text.comments(FILE)


@pytest.mark.parametrize(
    "head", ["", "\ufeff", "# only a comment\n", "items:\n", "items: {}\nswot: []\n", "items:\n  GW-1:\n"]
)
def test_it_is_added_to_whatever_is_empty(tmp_path: Path, head: str) -> None:
    path = tmp_path / "answers.yml"
    path.write_text(head, encoding="utf-8")
    answers.merge(path, Answers({"GW-1": (Entry("a"),)}, {"swot": (Entry("b"),)}))
    said = answers.read(path)
    assert said.items["GW-1"][0].text == "a" and said.forms["swot"][0].text == "b"


def test_ends_of_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "answers.yml"
    path.write_bytes(b"items:\r\n  GW-1:\r\n    - text: a")
    answers.merge(path, Answers({"GW-1": (Entry("b"),)}))
    made = path.read_bytes()
    assert made.startswith(b"items:\r\n  GW-1:\r\n    - text: a\r\n    - text: b\r\n") and b"\n" not in made.replace(
        b"\r\n", b""
    )


def test_a_new_file_says_what_may_stand_in_it(tmp_path: Path) -> None:
    path = tmp_path / "answers.yml"
    answers.merge(path, Answers({"GW-1": (Entry("a"),)}))
    made = path.read_text(encoding="utf-8")
    assert made.startswith("# What the community says") and "publish: false" in made


def test_what_no_longer_has_an_item_is_kept_and_told(file: Path) -> None:
    told = answers.told(answers.read(file), ["GW-1", "GW-3"])
    assert told == ["GW-2: there is no such item now (did you mean 'GW-3'?); its answers are kept."]


def test_a_target_of_no_indicator_is_kept_and_told() -> None:
    said = Answers(targets=(Target("WEL-4.800", 0.2, 2030), Target("WEL-04.800", 0.2, 2030, group="race:blak")))
    told = answers.told(said, [])
    assert "'WEL-04.800'" in told[0] and "'race:black'" in told[1] and all("kept" in one for one in told)


def test_what_somebody_saved_meanwhile_is_added_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, saved = answers._write, []

    def late(path: Path, text: str, before: str | None) -> bool:
        if not saved:
            saved.append(1)
            path.write_text(FILE + "strategies:\n- A new path\n", encoding="utf-8")
        return real(path, text, before)

    monkeypatch.setattr(answers, "_write", late)
    answers.merge(file, Answers({"GW-3": (Entry("a"),)}))
    said = answers.read(file)
    assert said.forms["strategies"][0].text == "A new path" and said.items["GW-3"][0].text == "a"


def test_a_file_that_may_not_be_written_stays_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        answers.merge(file, Answers({"GW-3": (Entry("a"),)}))
    assert file.read_text(encoding="utf-8") == FILE and list(file.parent.iterdir()) == [file]


KILLED = """
import os, signal, sys
from pathlib import Path
from justgeo import answers
from justgeo.core.answers import Answers, Entry
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
step = sys.argv[2]
if step == "before fsync": os.fsync = die
if step == "half written":
    real = Path.open
    class Half:
        def __init__(self, opened): self.opened = opened
        def __enter__(self): return self
        def __exit__(self, *_): pass
        def write(self, body): self.opened.write(body[: len(body) // 2]); self.opened.flush(); die()
    def half(self, mode="r", *a, **k):
        opened = real(self, mode, *a, **k)
        return Half(opened) if mode == "r+b" else opened
    Path.open = half
if step == "before replace": Path.replace = die
if step == "after replace":
    real_replace = Path.replace
    def replace(self, target): real_replace(self, target); die()
    Path.replace = replace
answers.merge(Path(sys.argv[1]), Answers({"GW-3": (Entry("a"),)}))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
@pytest.mark.parametrize("step", ["half written", "before fsync", "before replace", "after replace"])
def test_killed_at_any_point_the_old_or_the_new_file_is_there_whole(file: Path, step: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), step], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    said = answers.read(file)
    assert said.items["GW-2"][0].text == "Forty came." and ("GW-3" in said.items) == (step == "after replace")
    answers.merge(file, Answers({"GW-3": (Entry("a"),)}))
    assert answers.read(file).items["GW-3"] == (Entry("a"),)


def test_hidden_parts_of_a_killed_writing_are_not_answers(file: Path) -> None:
    (file.parent / ".answers.yml.1234.part").write_text("items: [", encoding="utf-8")
    assert answers.read(file)
