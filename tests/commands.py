"""Commands of `python -m seigan_tf`, called in this process."""

from typing import NamedTuple

from seigan_tf.cli.commands import main


class Ended(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line of a command that was not given what it needs."""
        assert self.code == 2, self.err
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        return self.err


def call(capsys, *arguments) -> Ended:
    code = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        code = ended.code
    return Ended(code, *capsys.readouterr())
