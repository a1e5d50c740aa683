"""The benchmark of the cycle's gain: differences seed by seed, and folders without all runs."""

import json

import pytest

from benchmarks import cycle_gain


def write_runs(folder, scores, box=0.4):
    for method, seeds in scores.items():
        for seed, iou in seeds.items():
            run = folder / f"{method}-{seed}"
            run.mkdir(parents=True)
            (run / "report.json").write_text(json.dumps({"iou": {"model": iou, "box": box}}))
    return folder


def test_gains_are_differences_of_the_same_seed(tmp_path):
    scores = {
        "seigan": {0: 0.8, 1: 0.7},
        "box_terms": {0: 0.6, 1: 0.65},
        "no_cycle": {1: 0.75, 0: 0.7},
        "supervised": {0: 0.9},
    }
    made = cycle_gain.read_gains(write_runs(tmp_path / "horses", scores))
    assert (made.name, made.filled) == ("horses", 0.4)
    assert made.gains == {"box_terms": pytest.approx([0.2, 0.05]), "no_cycle": pytest.approx([0.1, -0.05])}
    assert "| horses | 0.40 | +0.125 (+0.200, +0.050) | +0.025 (+0.100, -0.050) |" in cycle_gain.to_markdown([made])


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    folder = write_runs(tmp_path / "pets", {"seigan": {0: 0.8, 1: 0.7}, "box_terms": {0: 0.6}, "no_cycle": {0: 0.6}})
    with pytest.raises(SystemExit) as leaving:
        cycle_gain.main([str(folder), "--out", str(tmp_path / "gain.png")])
    assert leaving.value.code == 2
    assert "pets: expected finished runs of seigan and box_terms with the same seeds" in capsys.readouterr().err


def test_the_plot_has_a_dot_for_each_seed(tmp_path):
    scores = {"seigan": {0: 0.8, 1: 0.7}, "box_terms": {0: 0.6, 1: 0.65}, "no_cycle": {0: 0.7, 1: 0.75}}
    folder = write_runs(tmp_path / "horses", scores)
    cycle_gain.main([str(folder), "--out", str(tmp_path / "gain.png")])
    picture = cycle_gain.draw([cycle_gain.read_gains(folder)])
    counts = {colour: count for count, colour in picture.getcolors(1 << 16)}
    dot = counts[cycle_gain.COLOURS["box_terms"]] / 3  # two seeds and one in the legend
    assert dot == pytest.approx(3.14 * 8**2, rel=0.2)
    assert (tmp_path / "gain.png").stat().st_size > 1000
