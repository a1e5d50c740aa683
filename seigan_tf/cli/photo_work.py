"""What cut, erase and paste share: photograph by photograph, with a bar, what is finished left alone."""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import tyro
from rich.console import Console

from seigan_tf.cli.photo_options import Marked, PhotoOptions, Plan, Task
from seigan_tf.utils.progress import bar

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.compose.picture import Picture

EXIT_CODES = """Exit codes: 0 all is done; 1 some photographs or boxes could not be used, the others are done; 2 bad
input.
"""


class SomeFailed(RuntimeError):
    """Some photographs or boxes could not be used; all others are finished."""

    exit_code = 1


Done = Callable[[], None]
"""Called for each object that is finished."""
Make = Callable[["Composer", "Picture", Task, list[Marked], Done], None]
"""Makes one output, of the objects given; all of them are of one photograph."""


class Job(NamedTuple):
    """What a command's options ask for."""

    plan: Plan
    make: Make
    again: bool = False
    """Outputs that are there are made anew."""
    finish: Done = lambda: None
    """Called when all that can be made is made."""


def run(
    name: str,
    options: type[PhotoOptions],
    description: str,
    job: Callable[[PhotoOptions], Job],
    arguments: Sequence[str],
    console: Console | None,
) -> None:
    """Does what the arguments of a command say, and says what became of it.

    Args:
        name: of the command.
        options: that it takes.
        description: for its --help.
        job: what the options ask for.
        arguments: of the command line, after the command's name.
        console: for the bar and the summary.

    Raises:
        ValueError: options or weights that cannot be used; of a single output, whatever is wrong with its photograph.
        OSError: a file cannot be written.
        SomeFailed: of several outputs, some could not be made.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    program = f"python -m seigan_tf {name}"
    given = tyro.cli(options, args=list(arguments), prog=program, description=description + EXIT_CODES)
    console = console or Console()
    asked = job(given)
    plan = asked.plan
    again = asked.again or given.overwrite or plan.one
    todo = [(task, [item for item in task.marked if again or not item.output.exists()]) for task in plan.tasks]
    problems = [f"{problem.where}: {problem.what}" for problem in plan.problems]
    made = 0
    if any(marked for _, marked in todo):
        composer = _load(given)
        with bar(console, "objects") as progress:
            every = sum(len(task.marked) for task in plan.tasks)
            count = every - sum(len(marked) for _, marked in todo)
            progress(count, every)

            def done() -> None:
                nonlocal count
                count += 1
                progress(count, every)

            for task, marked in todo:
                if marked:
                    end = count + len(marked)
                    number, failed = _make(composer, task, marked, asked.make, done, plan.one)
                    made += number
                    problems += failed
                    count = end  # what failed is done with too
                    progress(count, every)
    asked.finish()
    if plan.one:
        text = f"wrote {given.output}"
    else:
        there = sum(_outputs(task.marked) - _outputs(marked) for task, marked in todo)
        text = f"wrote {made} files to {given.output}" + (f", {there} were there" if there else "")
    console.print(text, soft_wrap=True, highlight=False, markup=False)
    if problems:
        raise SomeFailed(f"{len(problems)} photographs or boxes could not be used; the first: {problems[0]}")


def _outputs(marked: Sequence[Marked]) -> int:
    return len({item.output for item in marked})


def _make(
    composer: "Composer", task: Task, marked: list[Marked], make: Make, done: Done, strict: bool
) -> tuple[int, list[str]]:
    """Makes the outputs of one photograph: how many, and why the others could not be; `strict` raises that at once."""
    from seigan_tf.compose import photo_files

    made, problems = 0, []
    try:
        photo = photo_files.read(task.photo, task.size)
    except ValueError as error:
        if strict:
            raise
        return made, [str(error)]
    for output, items in groupby(marked, attrgetter("output")):
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            make(composer, photo, task, list(items), done)
            made += 1
        except ValueError as error:
            if strict:
                raise
            problems.append(f"{task.name}: {error}")
    return made, problems


def _load(options: PhotoOptions) -> "Composer":
    from seigan_tf.compose.composer import Composer
    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        return Composer.load(options.weights, options.refine)
