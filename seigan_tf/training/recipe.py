"""Recipes: chains of trainings in one run folder, which holds recipe.json and a run folder for each stage."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from seigan_tf.config import Config, Precision, Recipe, StageConfig, from_dict, to_dict
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.atomic import write_json
from seigan_tf.utils.json_file import read_json

PACKED, EXPORT, EVALUATION = "packed", "export", "evaluation"
CLOSING = (PACKED, EXPORT, EVALUATION)
"""Stages behind the trainings of every recipe: commands of their own."""


class Share(NamedTuple):
    """The place of a run among the stages of a recipe, for an estimate of the time that is left for all trainings.

    Costs are in seconds of the machine on which the stages were measured.
    """

    label: str
    """Text for the screen, such as "stage 2 of 6"."""
    cost_per_step: float
    cost_before: float
    """Cost of the finished stages."""
    cost_after: float
    """Cost of the stages that follow."""
    seconds_before: float
    """Seconds that the finished stages took."""
    files: tuple[tuple[Path, Mapping[str, Any]], ...] = ()
    """The report of each finished stage of the same data settings, and its facts about files."""

    def seconds_left(self, done: int, steps: int, seconds: float) -> float:
        """Return the estimate after `done` of `steps` steps, which took `seconds`, at the pace of everything so far."""
        cost = self.cost_before + self.cost_per_step * done
        return (self.seconds_before + seconds) / cost * (self.cost_per_step * (steps - done) + self.cost_after)


def with_effort(recipe: Recipe, effort: float, of_stages: Mapping[str, float]) -> Recipe:
    """Return the recipe with more or fewer steps.

    Args:
        recipe: of the preset.
        effort: factor for the steps of every stage.
        of_stages: factors for single stages, in place of `effort`.

    Raises:
        ValueError: a factor is not above 0, or no stage has that name.
    """
    names = [stage.name for stage in recipe.stages]
    for flag, factor in (("--effort", effort), *((f"--stage-effort {name}", f) for name, f in of_stages.items())):
        if not 0 < factor < math.inf:
            raise ValueError(f"{flag} is {factor:g}, expected more than 0")
    for name in of_stages:
        if name not in names:
            raise ValueError(f"--stage-effort: no stage with steps is called {name!r}; there are {', '.join(names)}")

    def scaled(stage: StageConfig) -> StageConfig:
        training, factor = stage.config.training, of_stages.get(stage.name, effort)
        steps, pretrain = (round(factor * number) for number in (training.steps, training.pretrain_steps))
        training = replace(training, steps=max(steps, pretrain + 1), pretrain_steps=pretrain)
        return replace(stage, config=replace(stage.config, training=training))

    return replace(recipe, stages=tuple(map(scaled, recipe.stages)))


@dataclass(frozen=True)
class RecipeRun:
    """A recipe in its run folder.

    The last training is in the run folder itself, which therefore loads like that of any run; those before are in
    folders with the names of their stages.
    """

    folder: RunFolder
    recipe: Recipe
    chosen: tuple[str, ...]
    """Stages of the command that began the run."""

    @classmethod
    def load(cls, folder: RunFolder) -> "RecipeRun":
        """Read recipe.json.

        Raises:
            ValueError: it is damaged.
            OSError: it cannot be read.
        """
        try:
            saved = read_json(folder.recipe_file)
            recipe = Recipe(
                replace(from_dict(Config, saved["config"]), name=folder.name),  # the folder may have been renamed
                tuple(from_dict(StageConfig, stage) for stage in saved["stages"]),
            )
            return cls(folder, recipe, tuple(saved["chosen"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{folder.recipe_file}: no recipe ({error}); start a new run") from None

    def save(self) -> None:
        """Write recipe.json. Raises OSError if that is impossible."""
        values = to_dict(self.recipe)
        write_json(self.folder.recipe_file, {"chosen": list(self.chosen), **values})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all stages in their order."""
        return (*(stage.name for stage in self.recipe.stages), *CLOSING)

    @property
    def packed(self) -> Path:
        """Folder of the packed weights; its name is that of the weights."""
        return self.folder.path / PACKED / self.folder.name

    @property
    def export(self) -> Path:
        """Folder of the export."""
        return self.folder.path / EXPORT

    @property
    def scores(self) -> Path:
        """JSON of `evaluate`."""
        return self.folder.path / EVALUATION / "scores.json"

    @property
    def sheet(self) -> Path:
        """Picture of `evaluate`."""
        return self.folder.path / EVALUATION / "sheet.png"

    def discard_if_not_begun(self) -> bool:
        """Remove the folder if it holds nothing but recipe.json; return True if it did."""
        if [path.name for path in self.folder.path.iterdir()] != [self.folder.recipe_file.name]:
            return False
        self.folder.recipe_file.unlink()
        self.folder.discard_if_empty()
        return True

    def stage(self, name: str) -> StageConfig:
        return next(stage for stage in self.recipe.stages if stage.name == name)

    def stage_folder(self, name: str) -> RunFolder:
        path = self.folder.path
        return RunFolder(path if name == self.recipe.stages[-1].name else path / name, self.folder.name)

    def finished(self, name: str) -> bool:
        """Return True if a stage has reached its end: files that mark it are written last."""
        if name in CLOSING:
            return {PACKED: self.packed, EXPORT: self.export / "README.md", EVALUATION: self.sheet}[name].exists()
        report = self.stage_folder(name).report()
        return report is not None and report["cost"]["steps"] >= self.stage(name).config.training.steps

    def sources(self, name: str, groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return the run folders whose weights a stage takes: the first finished stage of each group, without repeats.

        Raises:
            ValueError: none is finished.
        """
        found = [next((stage for stage in group if self.finished(stage)), None) for group in groups]
        if not any(found):
            possible = " or ".join(dict.fromkeys(stage for group in groups for stage in group))
            raise ValueError(f"stage {name} needs {possible}, and none is finished")
        return tuple(str(self.stage_folder(stage).path) for stage in dict.fromkeys(found) if stage)

    def stage_config(self, name: str) -> Config:
        """Return the settings of a stage: those saved in its folder if it has begun.

        Raises:
            ValueError: the saved ones are damaged, or no stage is finished whose weights it needs.
        """
        folder, stage, given = self.stage_folder(name), self.stage(name), self.recipe.config
        if folder.holds_run:
            return folder.config()
        training = replace(stage.config.training, precision=self._precision(stage))
        if stage.teachers:
            training = replace(training, teachers=self.sources(name, stage.teachers))
        if stage.starts:
            training = replace(training, start_from=self.sources(name, (stage.starts,)))
        shared: dict[str, Any] = {"seed": given.networks.seed, "vgg_weights": given.networks.vgg_weights}
        if stage.teachers or stage.starts:  # the box itself would satisfy the box terms of a teacher that sees it
            shared["outside_contrast"] = given.networks.outside_contrast
        own = stage.config.networks
        if own.segmenter.backbone != "vgg19":
            shared["segmenter"] = replace(own.segmenter, width=given.networks.segmenter.width)
        networks = replace(own, **shared)
        return replace(stage.config, name=folder.path.name, networks=networks, data=given.data, training=training)

    def _precision(self, stage: StageConfig) -> Precision:
        """Return the precision given, or the stage's own if that is auto: measured by an earlier stage, if any."""
        given, own = self.recipe.config.training.precision, stage.config.training.precision
        if given != "auto" or own != "auto":
            return own if given == "auto" else given
        measuring = [other for other in self.recipe.stages if other.config.training.precision == "auto"]
        folders = [self.stage_folder(other.name) for other in measuring]
        begun = [folder.config().training.precision for folder in folders if folder.holds_run]
        return begun[0] if begun else "auto"

    def trained(self) -> RunFolder | None:
        """Return the run folder of the last finished stage that trained all networks; None if there is none."""
        for stage in reversed(self.recipe.stages):
            if stage.trains_all_networks and self.finished(stage.name):
                return self.stage_folder(stage.name)
        return None

    def share(self, name: str, chosen: Sequence[str], label: str) -> Share:
        """Return the place of a stage among the chosen trainings."""
        before = [stage for stage in self.recipe.stages if stage.name in chosen and self.finished(stage.name)]
        after = [s for s in self.recipe.stages if s.name in chosen and s.name != name and s not in before]
        reports = [self.stage_folder(stage.name).report() or {} for stage in before]
        return Share(
            label,
            self.stage(name).seconds_per_step,
            sum(map(_cost, before)),
            sum(map(_cost, after)),
            sum(report["cost"]["seconds"] for report in reports),
            tuple(self._files(name)),
        )

    def _files(self, name: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Yield the report of each finished training of the same data settings as this stage, and its facts."""
        data = self.stage_config(name).data
        for folder in (self.stage_folder(stage.name) for stage in self.recipe.stages if stage.name != name):
            report = folder.report()
            if report and "facts" in report and folder.config().data == data:
                yield folder.report_file, report["facts"]


def _cost(stage: StageConfig) -> float:
    return stage.seconds_per_step * stage.config.training.steps
