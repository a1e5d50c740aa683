"""Worker processes: results in order, little read ahead, and a clean end whatever happens."""

import functools
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seigan_tf.cli.errors import BAD_INPUT, exit_code_of
from seigan_tf.data.storage import records
from seigan_tf.utils import workers
from seigan_tf.utils.workers import AHEAD, cores, in_fresh_process, ordered_workers

ROOT = Path(__file__).resolve().parents[2]


def ordered_map(function, items, workers):
    with ordered_workers(workers) as in_order:
        yield from in_order(function, items)


def slow_first(number):
    time.sleep(0.3 if number == 0 else 0)
    return number, os.getpid()


def heavy_modules(_):
    import seigan_tf.data.planning.cutting  # noqa: F401

    return sorted({"tensorflow", "keras", "jax", "torch", "grain"} & sys.modules.keys())


def fail_at_three(number):
    if number == 3:
        raise ValueError("three is bad")
    return number


def kill_itself(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def wait_for_ever(folder, number):
    (folder / f"{os.getpid()}").touch()
    time.sleep(600)


def ended(process):
    """Whether a process is gone within a few seconds."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_results_come_in_the_order_of_the_items_from_other_processes():
    numbers, processes = zip(*ordered_map(slow_first, range(30), 2), strict=True)
    assert numbers == tuple(range(30))
    assert os.getpid() not in processes
    assert len(set(processes)) == 2
    assert all(map(ended, set(processes)))


def test_the_same_workers_serve_several_calls():
    with ordered_workers(1, slow_first) as in_order:
        first = list(in_order(slow_first, range(2)))
        assert list(in_order(slow_first, range(2))) == first


def test_a_killed_worker_is_told_apart_from_errors_of_what_its_results_are_for():
    turns_runtime_errors = records.disk_errors("nowhere")  # into OSError
    killed = pytest.raises(ChildProcessError, match="use fewer workers")
    with killed, ordered_workers(2) as in_order, turns_runtime_errors:
        list(in_order(kill_itself, range(50)))


def test_without_workers_the_function_runs_here():
    results = ordered_map(slow_first, iter([5, 6]), 0)
    assert list(results) == [(5, os.getpid()), (6, os.getpid())]


def test_few_items_are_read_ahead_of_the_results():
    taken = itertools.count()
    results = ordered_map(abs, (next(taken) for _ in iter(int, 1)), 1)
    for done in range(1, 6):
        next(results)
        assert next(taken) <= done + AHEAD + 6
    results.close()


def test_workers_import_no_framework():
    assert list(ordered_map(heavy_modules, range(2), 1)) == [[], []]


def test_error_of_the_function_is_raised_here_after_the_results_before_it():
    results = ordered_map(fail_at_three, range(9), 1)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three is bad"):
        next(results)


def test_error_of_the_items_ends_the_workers():
    def items():
        yield from range(3)
        raise ValueError("the plan ends too early")

    with pytest.raises(ValueError, match="too early"):
        list(ordered_map(abs, items(), 1))


def test_killed_worker_is_one_line_on_the_command_line(capsys):
    assert exit_code_of(lambda: list(ordered_map(kill_itself, range(50), 2))) == BAD_INPUT
    message = capsys.readouterr().err
    assert message.startswith("error: a worker process was killed")
    assert message.count("\n") == 1


def test_a_killed_process_of_its_own_is_one_line(capsys):
    assert in_fresh_process(abs, -1) == 1
    assert exit_code_of(lambda: in_fresh_process(kill_itself, 2)) == BAD_INPUT
    assert capsys.readouterr().err.startswith("error: its process was killed")


def test_negative_number_of_workers_is_refused_at_once(one_line_error):
    assert "workers is -1" in one_line_error(lambda: next(ordered_map(abs, [], -1)))


PROGRAM = """
import functools, pathlib, sys
from seigan_tf.cli.errors import BAD_INPUT, exit_code_of
from seigan_tf.utils.workers import in_fresh_process
from tests.utils.test_workers import ordered_map, wait_for_ever
if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    work = functools.partial(wait_for_ever, folder)
    calls = {"one": lambda: in_fresh_process(work, 0), "two": lambda: list(ordered_map(work, range(9), 2))}
    sys.exit(exit_code_of(calls[sys.argv[2]]))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("count", ["one", "two"])
def test_no_worker_outlives_its_program(tmp_path, count, ending):
    (tmp_path / "program.py").write_text(PROGRAM)
    folder = tmp_path / "processes"
    folder.mkdir()
    command = [sys.executable, tmp_path / "program.py", folder, count]
    expected, environment = {"one": 1, "two": 2}[count], os.environ | {"PYTHONPATH": str(ROOT)}
    program = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        for _ in range(3000):
            if len(list(folder.iterdir())) == expected:
                break
            time.sleep(0.1)
        workers = [path.name for path in folder.iterdir()]
        assert len(workers) == expected
        # Ctrl-C reaches the whole group, as from a terminal; the others only the program.
        (os.killpg if ending == signal.SIGINT else os.kill)(program.pid, ending)
        _, message = program.communicate(timeout=300)
        assert all(map(ended, workers))
        if ending == signal.SIGINT:
            assert program.returncode == 130
            assert message == "stopped: interrupted\n"
    finally:
        program.kill()


def test_partial_functions_travel():
    assert list(ordered_map(functools.partial(pow, 2), range(4), 1)) == [1, 2, 4, 8]


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_signals_are_handled_after_the_start_of_a_process():
    handled = []
    before = signal.signal(signal.SIGTERM, lambda *_: handled.append("SIGTERM"))
    try:
        with workers._interrupts_held_back():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            assert not handled
        assert handled == ["SIGTERM"]
    finally:
        signal.signal(signal.SIGTERM, before)
