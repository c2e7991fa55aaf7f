"""What a community says: what of it is public, what is the same thing twice, and what does not agree."""

from __future__ import annotations

import pytest

from justgeo.core.answers import ASSET_KINDS, FORMS, Answers, Entry, Target, conflicts

OPEN = Entry("Forty came.", by="resident", name="Ada Moss", publish=True)


def test_only_what_has_a_yes_is_public() -> None:
    said = Answers({"GW-1": (Entry("Kept back."), OPEN), "GW-2": (Entry("Kept too."),)}, {"swot": (Entry("No."),)})
    assert said.public() == Answers({"GW-1": (Entry("Forty came.", by="resident", publish=True),)}, {})


def test_a_name_needs_a_yes_of_its_own() -> None:
    with_name = Entry("Forty came.", name="Ada Moss", publish=True, publish_name=True)
    assert Answers({"A": (with_name,)}).public().items["A"][0].name == "Ada Moss"
    unpublished = Entry("Forty came.", name="Ada Moss", publish_name=True)
    assert not Answers({"A": (unpublished,)}).public()


def test_targets_are_public_with_a_yes_only() -> None:
    targets = (Target("R1", 0.3, 2030, publish=True), Target("R2", 0.3, 2030))
    assert Answers(targets=targets).public().targets == targets[:1]


def test_the_same_thing_with_other_spaces_is_the_same_thing() -> None:
    assert Entry("Forty  came.\n", by="resident").key == Entry("Forty came.", by="resident", publish=True).key
    assert Entry("Forty came.", by="school").key != Entry("Forty came.", by="resident").key


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Answers({"A": (Entry("Yes", by="resident"), Entry("No", by="Resident "))}), []),
        (Answers({"A": (Entry("Yes", by="resident"), Entry("No", by="resident"))}), ["A: 'resident' says 2 different"]),
        (Answers({"A": (Entry("Yes"), Entry("No"))}), ["A: nobody named says 2 different"]),
        (
            Answers({"A": (Entry("", more={"state": "done"}), Entry("", more={"state": "under way"}))}),
            ["A: how far it is is told differently: done, under way"],
        ),
        (
            Answers(targets=(Target("R", 0.2, 2030), Target("R", 0.25, 2030))),
            ["R: there are 2 targets for 2030: 0.2, 0.25"],
        ),
        (Answers(targets=(Target("R", 0.2, 2030), Target("R", 0.25, 2035))), []),
    ],
)
def test_what_does_not_agree_is_told(said: Answers, told: list[str]) -> None:
    found = conflicts(said)
    assert len(found) == len(told) and all(one.startswith(other) for one, other in zip(found, told, strict=True))


def test_forms_have_keys_of_their_own_and_the_seven_kinds() -> None:
    assert len({form.key for form in FORMS}) == len(FORMS) and len(ASSET_KINDS) == 7
    common = {"text", "by", "name", "date", "evidence", "publish", "publish_name", "state"}
    for form in FORMS:
        keys = [column.key for column in form.columns]
        assert len(set(keys)) == len(keys) and not common & set(keys)
