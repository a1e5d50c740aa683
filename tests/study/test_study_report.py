"""From answers to figure 4: known strengths come back, and nobody counts who does not look."""

import json

import numpy as np
import pytest
from PIL import Image, ImageFont

from seigan_tf.study import database, figure, summary
from seigan_tf.study.answers import Answer, AttentionRule, Comparison, dropped_assessors, sort_answers
from seigan_tf.study.database import AnswerStore, SessionSettings
from seigan_tf.study.manifest import COARSE, FULL, GROUND_TRUTH, NO_CYCLE, SETS
from tests import commands
from tests.study import simulation


@pytest.fixture(scope="module")
def made():
    return simulation.study(pictures=30, pairs=300)


def summarised(made, given, rule=None, resamples=200):
    return summary.summarise(sort_answers(given, made), rule or AttentionRule(), resamples, 0.95, seed=0)


def test_known_strengths_lie_within_the_intervals(made):
    inside, widths = [], []
    for seed in range(25):
        # Assessors differ in taste, which intervals over single answers would not know of.
        given = simulation.answers(made, assessors=40, pairs=20, seed=seed, spread=0.4)
        sets = summarised(made, given, resamples=100)["sets"]
        for name, truth in simulation.STRENGTHS.items():
            inside.append(sets[name]["low"] <= truth <= sets[name]["high"])
            widths.append(sets[name]["high"] - sets[name]["low"])
    # 100 intervals of 95 %; taste that differs also draws ratings together, by a few hundredths.
    assert np.mean(inside) > 0.86
    assert 0.3 < np.mean(widths) < 0.7


def test_more_answers_come_closer(made):
    given = simulation.answers(made, assessors=450, pairs=20, seed=1)  # 9,000, the paper's number
    sets = summarised(made, given)["sets"]
    for name, truth in simulation.STRENGTHS.items():
        assert sets[name]["rating"] == pytest.approx(truth, abs=0.1)
        assert sets[name]["high"] - sets[name]["low"] < 0.25


def test_ratings_are_the_maximum_of_the_likelihood():
    wins = np.array([[0, 30, 12], [10, 0, 25], [18, 15, 0]])
    comparisons = [
        Comparison(f"a{number % 7}", "abc"[i], "abc"[j])
        for i in range(3)
        for j in range(3)
        for number in range(wins[i, j])
    ]
    found = summary.rate(comparisons, "abc", 10, 0.95, 0)
    np.testing.assert_array_equal(found.wins, wins)

    def likelihood(r):
        win = wins + summary.PRIOR * (1 - np.eye(3))
        return -(win * np.log1p(np.exp(r[None] - r[:, None]))).sum()

    best = likelihood(found.ratings)
    for step in (np.eye(3)[0], np.eye(3)[1], np.eye(3)[2]):
        assert likelihood(found.ratings + 0.01 * step) < best > likelihood(found.ratings - 0.01 * step)
    assert found.ratings.mean() == pytest.approx(0)


def test_a_set_that_never_lost_has_a_rating():
    comparisons = [Comparison(f"a{number % 3}", *pair) for number in range(30) for pair in (("a", "b"), ("b", "c"))]
    found = summary.rate(comparisons, "abc", 20, 0.95, 0)
    assert np.isfinite(found.ratings).all()
    assert found.ratings[0] > found.ratings[1] > found.ratings[2]
    np.testing.assert_array_equal(found.win_fractions[0], [np.nan, 1.0, np.nan])


def test_what_cannot_be_rated_is_named(one_line_error):
    pair, other = Comparison("x", "a", "b"), Comparison("y", "c", "d")
    assert "a and c were never compared" in one_line_error(summary.rate, [pair, other], "abcd", 10, 0.95, 0)
    assert "no comparison is left" in one_line_error(summary.rate, [], "ab", 10, 0.95, 0)
    assert "--resamples is 1" in one_line_error(summary.rate, [pair], "ab", 1, 0.95, 0)
    assert "--confidence is 95" in one_line_error(summary.rate, [pair], "ab", 10, 95, 0)


def test_one_assessor_gives_no_interval():
    found = summary.rate([Comparison("x", "a", "b")] * 5, "ab", 10, 0.95, 0)
    assert found.low is None
    assert found.high is None


def pictures(number):
    return frozenset((f"a{number}", f"b{number}"))


def test_intervals_of_fractions_cover_other_pictures():
    """Wilson's interval of 8 of 10 (Newcombe 1998, method 3), however many assessors answer alike."""
    for assessors in (1, 5):
        comparisons = [
            Comparison(f"x{person}", *(("a", "b") if number < 8 else ("b", "a")), pictures(number))
            for person in range(assessors)
            for number in range(10)
        ]
        found = summary.win_intervals(comparisons, 0.95)
        assert found["a", "b"] == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
        assert found["b", "a"] == pytest.approx((0.2, 1 - 0.9433, 1 - 0.4902), abs=1e-4)
    never_lost = summary.win_intervals([Comparison("x", "a", "b", pictures(number)) for number in range(40)], 0.95)
    assert never_lost["a", "b"] == pytest.approx((1.0, 0.9124, 1.0), abs=1e-4)
    assert summary.win_intervals([Comparison("x", "a", "b")], 0.95) == {}


def test_the_fraction_beside_an_interval_counts_pairs_not_answers():
    """Ten answers to one pair, and one answer to each of five others."""
    several = [Comparison(f"x{person}", "a", "b", pictures(0)) for person in range(10)]
    found = summary.win_intervals([*several, *(Comparison("x", "b", "a", pictures(n)) for n in range(1, 6))], 0.95)
    assert found["a", "b"].won == pytest.approx(1 / 6)
    assert found["a", "b"].low < 1 / 6 < found["a", "b"].high


def test_agreement_is_that_of_different_assessors():
    first, second = [Comparison(name, "a", "b", pictures(1)) for name in "xy"], Comparison("x", "a", "b", pictures(2))
    assert summary.agreement([*first, second]) == {"pairs": 1, "fraction": 1.0}
    assert summary.agreement([*first, Comparison("z", "b", "a", pictures(1))]) == {"pairs": 1, "fraction": 1 / 3}
    assert summary.agreement([second, Comparison("y", "a", "b")]) is None


def test_pairs_of_pictures_can_be_drawn_instead_of_assessors(one_line_error):
    comparisons = [
        Comparison(name, *(("a", "b") if number < 14 else ("b", "a")), pictures(number))
        for name in "xy"
        for number in range(20)
    ]
    same, other = (summary.rate(comparisons, "ab", 200, 0.95, 0, resample) for resample in ("assessors", "pairs"))
    assert same.high[0] - same.low[0] == 0  # both say the same
    assert 0.4 < other.high[0] - other.low[0] < 2
    unknown = [*comparisons, Comparison("x", "a", "b")]
    assert "--resample pairs: some answers name sets" in one_line_error(
        summary.rate, unknown, "ab", 10, 0.95, 0, "pairs"
    )


def test_assessors_who_fail_the_checks_do_not_count(made):
    looking = simulation.answers(made, assessors=60, pairs=20, seed=2)
    crowd = simulation.answers(made, assessors=60, pairs=20, seed=2, clickers=60)
    expected, found = summarised(made, looking), summarised(made, crowd)
    assert found["assessors"]["count"] == 120
    assert found["assessors"]["kept"] == 60
    assert {item["assessor"] for item in found["assessors"]["dropped"]} == {f"a{number}" for number in range(60, 120)}
    assert {item["reason"] for item in found["assessors"]["dropped"]} == {"failed attention checks"}
    assert found["sets"] == expected["sets"]
    everybody = summarised(made, crowd, AttentionRule(0, 0.0))
    assert everybody["assessors"]["dropped"] == []
    assert everybody["rule"] == "every assessor counts"
    # Clicking draws all ratings together.
    assert everybody["sets"][GROUND_TRUTH]["rating"] < 0.8 * expected["sets"][GROUND_TRUTH]["rating"]


def test_the_rule_is_what_it_says():
    checks = {
        "none": [],
        "two": [True] * 2,
        "three": [True] * 3,
        "four of five": [True] * 4 + [False],
        "half": [True, False] * 2,
    }
    found = {item.assessor: item.reason for item in dropped_assessors(checks, AttentionRule())}
    few, failed = "too few attention checks", "failed attention checks"
    assert found == {"none": few, "two": few, "half": failed}
    assert str(AttentionRule()) == "an assessor counts who answered 3 attention checks or more, 80% of them rightly"
    for rule, name in ((AttentionRule(min_checks=-1), "--min-checks"), (AttentionRule(min_right=1.1), "--min-right")):
        with pytest.raises(ValueError, match=name):
            dropped_assessors(checks, rule)


def test_answers_are_of_pictures_of_the_study(made, one_line_error):
    pair, check = made.pairs[0], made.checks[0]
    known = [
        Answer("x", pair.second, pair.first, "right"),
        Answer("x", pair.first, pair.second, "right"),  # again: does not count
        Answer("x", check.second, check.first, "right"),
        Answer("y", check.first, check.second, "right"),
    ]
    found = sort_answers(known, made)
    assert found.comparisons == [Comparison("x", made.pictures[pair.first], made.pictures[pair.second], pair.key)]
    assert found.checks == {"x": [True], "y": [False]}
    assert found.repeated == 1
    assert "nobody is neither" in one_line_error(sort_answers, [Answer("x", "nobody", pair.first, "left")], made)
    alone = Answer("x", check.first, pair.first, "left")
    assert f"{check.first} is neither" in one_line_error(sort_answers, [alone], made)
    same = Answer("x", COARSE, COARSE, "left")
    assert "expected two sets" in one_line_error(sort_answers, [same], None)


FRACTIONS = {
    (GROUND_TRUTH, NO_CYCLE): 0.88,
    (GROUND_TRUTH, COARSE): 0.69,
    (GROUND_TRUTH, FULL): 0.70,
    (NO_CYCLE, COARSE): 0.24,
    (NO_CYCLE, FULL): 0.26,
    (COARSE, FULL): 0.52,
}
"""Fractions of comparisons won, row against column. The 0.30 of FULL against GROUND_TRUTH is the paper's; the others
fill the table."""


@pytest.fixture
def paper_table(tmp_path):
    """9,000 answers of 450 assessors, as a plain table that names sets."""
    lines = ["assessor,left,right,choice"]
    for (row, column), won in FRACTIONS.items():
        for number in range(1500):
            left, right = (row, column) if number % 2 else (column, row)
            winner = row if number < 1500 * won else column
            lines.append(f"w{number % 450},{left},{right},{'left' if winner == left else 'right'}")
    path = tmp_path / "comparisons.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_papers_figure_comes_from_a_table(paper_table, tmp_path, capsys):
    ended = commands.call(
        capsys, "study", "report", "--answers", paper_table, "--out", tmp_path,
        "--min-checks", 0, "--min-right", 0, "--resamples", 50,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    made = json.loads((tmp_path / "report.json").read_text())
    assert made["comparisons"] == 9000
    assert list(made["sets"]) == list(SETS)
    for (row, column), won in FRACTIONS.items():
        assert made["win_fractions"][row][column] == pytest.approx(won)
        assert made["win_fractions"][column][row] == pytest.approx(1 - won)
        assert made["wins"][row][column] == round(1500 * won)
    assert made["win_fractions"][FULL][GROUND_TRUTH] == pytest.approx(0.30)
    assert all(made["win_fractions"][name][name] is None for name in SETS)
    order = sorted(SETS, key=lambda name: -made["sets"][name]["rating"])
    assert order == [GROUND_TRUTH, COARSE, FULL, NO_CYCLE]
    assert "0.30" in ended.out
    assert "9000 comparisons by 450 of 450 assessors" in ended.out
    assert Image.open(tmp_path / "figure4.png").size[0] > 1000


def test_names_in_brackets_are_printed_as_they_are(tmp_path, capsys):
    answers = tmp_path / "answers.csv"
    answers.write_text("assessor,left,right,choice\na,ours[b],theirs[/i],left\n")
    ended = commands.call(
        capsys, "study", "report", "--answers", answers, "--out", tmp_path, "--min-checks", 0, "--min-right", 0
    )
    assert ended.code == 0, ended.err
    assert "ours[b]" in ended.out
    assert "theirs[/i]" in ended.out


def test_both_panels_show_the_numbers(made, tmp_path):
    values = summarised(made, simulation.answers(made, assessors=30, pairs=20, seed=3))
    figure.draw_figure(values, tmp_path / "figure4.png")
    picture = np.asarray(Image.open(tmp_path / "figure4.png"), int)
    matrix = picture[:, -(figure.MARGIN + 4 * figure.CELL) : -figure.MARGIN]
    for i, row in enumerate(SETS):
        for j, column in enumerate(SETS):
            corner = matrix[figure.TITLE + figure.ROW * i + 8, figure.CELL * j + 8]
            won = values["win_fractions"][row][column]
            np.testing.assert_array_equal(corner, figure._shade(won)[0] if won is not None else (255, 255, 255))
    left = picture[:, figure.MARGIN + figure.LABELS : figure.MARGIN + figure.LABELS + figure.SCALE]
    middles = []
    for i, name in enumerate(SETS):
        y = figure.TITLE + figure.ROW * i + figure.ROW // 2
        xs = np.flatnonzero((left[y] == figure.COLOUR).all(axis=-1))
        middles.append(xs)
        ends = [values["sets"][name][end] for end in ("low", "high")]
        assert np.ptp(xs) > 4, ends
    # Intervals and axis have one scale: as long as the numbers say, from left to right as the numbers are.
    lengths = np.array([np.ptp(xs) for xs in middles], float)
    numbers = np.array([values["sets"][name]["high"] - values["sets"][name]["low"] for name in SETS])
    np.testing.assert_allclose(lengths / lengths.sum(), numbers / numbers.sum(), atol=0.03)
    centres = [xs.mean() for xs in middles]
    assert np.argsort(centres).tolist() == np.argsort([values["sets"][name]["rating"] for name in SETS]).tolist()


def test_names_have_no_letter_that_the_figure_s_font_lacks():
    names = {"Žižkov": "Zizkov", "ours – 2": "ours ? 2", "猫": "?", "a\nb": "a?b", "x" * 14 + "é": "x" * 14 + "e"}
    assert [figure._label(name) for name in names] == list(names.values())
    font = ImageFont.load_default(figure.TEXT)
    lacking = bytes(font.getmask("\uffff"))
    assert not any(bytes(font.getmask(letter)) == lacking for letter in map(chr, range(33, 127)))
    assert bytes(font.getmask(figure._label("x" * 16)[-1])) != lacking


def test_a_served_study_is_reported(made, tmp_path, capsys):
    folder = simulation.write(made, tmp_path / "study")
    assert "there are no answers yet" in commands.call(capsys, "study", "report", folder).refusal
    store = AnswerStore(folder / database.ANSWERS_FILE, made, SessionSettings(pairs=30))
    for _ in range(6):
        token = store.start()
        while tasks := store.state(token).tasks:
            position, left, right = tasks[0]
            sets = [made.pictures[left], made.pictures[right]]
            broken = {check.second for check in made.checks}
            better = simulation.STRENGTHS[sets[0]] > simulation.STRENGTHS[sets[1]] if all(sets) else right in broken
            store.answer(token, position, "left" if better else "right")
    ended = commands.call(capsys, "study", "report", folder, "--resamples", "20")  # while it is being served
    assert ended.code == 0, ended.err
    assert "180 comparisons by 6 of 6 assessors" in ended.out
    assert "interval, other pictures" in ended.out
    assert "6 assessors: the intervals are rough" in ended.out
    first = json.loads((folder / "report.json").read_text())
    assert first["intervals"]["resampled"] == "assessors"
    store.close()
    ended = commands.call(
        capsys, "study", "report", folder, "--answers", folder / "answers.csv", "--out", tmp_path, "--resamples", "20"
    )
    assert ended.code == 0, ended.err
    assert json.loads((tmp_path / "report.json").read_text()) == first
    ended = commands.call(capsys, "study", "report", folder, "--resample", "pairs", "--resamples", "20")
    assert "the intervals are rough" not in ended.out
    assert json.loads((folder / "report.json").read_text())["intervals"]["resampled"] == "pairs"


def test_reports_that_cannot_be_made_are_one_line(made, paper_table, tmp_path, capsys):
    def refusal(*arguments):
        return commands.call(capsys, "study", "report", *arguments).refusal

    assert "expected the folder of a study" in refusal()
    assert "--out is not given" in refusal("--answers", paper_table)
    assert "there is no such folder" in refusal("--answers", paper_table, "--out", tmp_path / "none")
    assert "no assessor of 450 is left" in refusal("--answers", paper_table, "--out", tmp_path)
    assert "no study" in refusal(tmp_path)
    assert "none.csv: No such file" in refusal("--answers", tmp_path / "none.csv", "--out", tmp_path)
    (folder := tmp_path / "figure4.png").mkdir()
    assert f"{folder}: a folder, expected a file" in refusal("--answers", tmp_path / "none.csv", "--out", tmp_path)
    assert "study: no action" in commands.call(capsys, "study").refusal
    assert "study print: no such action" in commands.call(capsys, "study", "print").refusal
