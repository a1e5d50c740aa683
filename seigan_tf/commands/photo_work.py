"""What cut, erase and paste do with their plan: photograph by photograph, with a bar, what is finished left alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console

from seigan_tf.commands.photo_options import Marked, PhotoOptions, Plan, Task
from seigan_tf.progress import bar

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.compose.picture import Picture


class SomeFailed(RuntimeError):
    """Some photographs could not be used; all others are finished."""

    exit_code = 1


Done = Callable[[], None]
"""Told of each object that is finished."""
Make = Callable[["Composer", "Picture", Task, list[Marked], Done], None]
"""Makes the outputs of one photograph, for the objects given."""


def work(
    options: PhotoOptions, plan: Plan, console: Console, make: Make, again: bool = False, finish: Done = lambda: None
) -> None:
    """Carries out a plan and says what became of it.

    Args:
        options: of the command.
        plan: what is to be made.
        console: for the bar and the summary.
        make: what the command does.
        again: finished outputs are made anew.
        finish: called when all that can be made is made.

    Raises:
        ValueError: no such weights; of a single output, whatever is wrong with its photograph.
        OSError: an output cannot be written.
        SomeFailed: of several photographs, some could not be used.
    """
    again = again or options.overwrite or plan.one
    tasks = [(task, [m for m in task.marked if again or not m.output.exists()]) for task in plan.tasks]
    every = sum(len(task.marked) for task in plan.tasks)
    todo = sum(len(marked) for _, marked in tasks)
    problems = [f"{problem.where}: {problem.what}" for problem in plan.problems]
    made = 0
    if todo:
        composer = _load(options)
        with bar(console, "objects") as progress:
            count = every - todo
            progress(count, every)

            def done() -> None:
                nonlocal count
                count += 1
                progress(count, every)

            for task, marked in tasks:
                if not marked:
                    continue
                try:
                    _one(composer, task, marked, make, done)
                    made += len({item.output for item in marked})
                except ValueError as error:
                    if plan.one:
                        raise
                    problems.append(str(error))
    finish()
    if plan.one:
        console.print(f"wrote {options.output}", soft_wrap=True, highlight=False, markup=False)
        _report(problems)
        return
    skipped = len({m.output for task in plan.tasks for m in task.marked}) - len(
        {m.output for _, ms in tasks for m in ms}
    )
    there = f", {skipped} were there" if skipped else ""
    console.print(f"wrote {made} files to {options.output}{there}", soft_wrap=True, highlight=False, markup=False)
    _report(problems)


def _report(problems: list[str]) -> None:
    if problems:
        raise SomeFailed(f"{len(problems)} photographs or boxes could not be used; the first: {problems[0]}")


def _one(composer: "Composer", task: Task, marked: list[Marked], make: Make, done: Done) -> None:
    from seigan_tf.compose import photo_files

    photo = photo_files.read(task.photo, task.size)
    for folder in {item.output.parent for item in marked}:
        folder.mkdir(parents=True, exist_ok=True)
    make(composer, photo, task, marked, done)


def _load(options: PhotoOptions) -> "Composer":
    from seigan_tf.compose.composer import Composer
    from seigan_tf.training import quiet

    with quiet.native_messages_hidden():
        return Composer.load(options.weights, options.refine)
