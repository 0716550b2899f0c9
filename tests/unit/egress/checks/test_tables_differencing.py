from __future__ import annotations

from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.finding import Finding
from vitrine.egress.checks.kinds import kind_of

ALL = "stage,male,female\nI,45,50\nII,60,40\nIII,35,33\n"
WITHOUT_SOME = "stage,male,female\nI,45,47\nII,60,40\nIII,35,20\n"
ELSEWHERE = "stage,male,female\nI,41,57\nII,66,38\nIII,30,39\n"


def compared(policy: str = "acro", **files: str) -> dict[str, list[Finding]]:
    chosen = disclosure.load(policy)
    contents = {f"{name}.csv": text.encode() for name, text in files.items()}
    facts = [engine.look(path, content, chosen)[1] for path, content in contents.items()]
    return engine.compare(facts, chosen)


def test_a_subset_of_the_same_people_gives_its_complement_away() -> None:
    (finding,) = compared(everybody=ALL, subset=WITHOUT_SOME)["subset.csv"]
    assert finding.check == "differencing"
    assert finding.locations == ("row 2, column female",)
    assert "everybody.csv" in finding.message


def test_other_people_with_similar_counts_give_nothing_away() -> None:
    assert not any(compared(here=ALL, there=ELSEWHERE).values())


def test_the_same_table_twice_gives_nothing_away() -> None:
    assert not any(compared(one=ALL, two=ALL).values())


def test_rounded_counts_may_be_subtracted() -> None:
    rounded = "stage,male,female\nI,45,50\nII,60,40\nIII,35,35\n"
    fewer = "stage,male,female\nI,45,45\nII,60,40\nIII,35,20\n"
    assert not any(compared("nhs-sde", a=rounded, b=fewer).values())


def test_a_figure_alone_is_noted() -> None:
    chosen = disclosure.load()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    assert kind_of("a.svg", svg) == "svg"
    facts = [engine.look("a.svg", svg, chosen)[1]]
    assert [each.check for each in engine.compare(facts, chosen)["a.svg"]] == ["underlying-counts"]
