"""The run that cut, erase and paste share: one photograph after the other, with a bar; existing files are kept."""

import errno
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from seigan_tf.cli.options import check_trained, console, load_composer, parse, say
from seigan_tf.cli.photo_plan import Marked, PhotoOptions, Plan, Task, upright
from seigan_tf.utils.memory import enough_memory
from seigan_tf.utils.progress import bar

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.data.photos.picture import Picture

EXIT_CODES = """
Exit codes: 0 everything is done; 1 some photographs or boxes could not be used, the others are done;
2 bad input.
"""

Options = TypeVar("Options", bound=PhotoOptions)
Done = Callable[[], None]
"""Called after each finished object."""
Make = Callable[["Composer", "Picture", Task, list[Marked], Done], Sequence[str]]
"""Makes one output from the given objects of one photograph; returns what is wrong with some of them, in words."""


class SomeFailed(RuntimeError):
    """Some photographs or boxes could not be used; all others are finished."""

    exit_code = 1


class Job(NamedTuple):
    """The work that the options of a command describe."""

    plan: Plan
    make: Make
    networks: tuple[str, ...]  # those that are used, of `weights.GENERATORS`
    again: bool = False  # replace existing outputs
    finish: Done = lambda: None  # called at the end


def run_photos(
    command: str, options: type[Options], description: str, job: Callable[[Options], Job], arguments: Sequence[str]
) -> None:
    """Run cut, erase or paste with the arguments after the command's name, and print a summary.

    Raises:
        ValueError: options or weights cannot be used or, for a single output, its photograph.
        OSError: a file cannot be written.
        SomeFailed: of several outputs, some could not be made.
    """
    given = parse(options, arguments, command, description + EXIT_CODES)
    plan, make, networks, again, finish = job(given)
    again = again or given.overwrite or plan.one
    todo = [(task, [item for item in task.marked if again or not item.output.exists()]) for task in plan.tasks]
    problems = [f"{problem.where}: {problem.what}" for problem in plan.problems]
    made = 0
    if any(marked for _, marked in todo):
        check_trained(given.weights, networks)
        composer = load_composer(given.weights, given.backend, given.refine, given.grow)
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
                    number, failed = _make_outputs(composer, task, marked, make, done, plan.one)
                    made += number
                    problems += failed
                    count = end  # failed objects count as finished
                    progress(count, every)
    finish()
    crowds = f", {plan.left_out}" if plan.left_out else ""
    if plan.one:
        say(f"wrote {given.output}{crowds}")
    else:
        there = sum(_outputs(task.marked) - _outputs(marked) for task, marked in todo)
        kept = f", {there} were there and are kept (--overwrite replaces them)" if there else ""
        say(f"wrote {made} files to {given.output}{kept}{crowds}")
    if problems:
        raise SomeFailed(f"{len(problems)} photographs or boxes could not be used; the first: {problems[0]}")


def _outputs(marked: Sequence[Marked]) -> int:
    return len({item.output for item in marked})


def _make_outputs(
    composer: "Composer", task: Task, marked: list[Marked], make: Make, done: Done, strict: bool
) -> tuple[int, list[str]]:
    """Make the outputs of one photograph; return their number and the problems.

    With `strict` an output that cannot be made is an error that ends the command.
    """
    from seigan_tf.compose import photo_files

    made, errors = 0, list[str]()
    try:
        with enough_memory(f"{task.photo}: "):
            task, marked = upright(task, marked)
            photo = photo_files.read(task.photo, task.size)
    except ValueError as error:
        if strict:
            raise
        return made, [str(error)]
    for output, items in groupby(marked, attrgetter("output")):
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with enough_memory():
                errors += [f"{task.name}: {what}" for what in make(composer, photo, task, list(items), done)]
            made += 1
        except (ValueError, OSError) as error:
            if strict or (isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG):
                raise
            errors.append(f"{task.name}: {error}")
    return made, errors
