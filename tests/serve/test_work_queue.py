"""One request is worked on at a time, and a limited number waits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.exceptions import ServiceUnavailable

from seigan_tf.serve.work_queue import WorkQueue


def started(crowd, queue, work, count):
    """Asks `count` times, one after the other; the futures."""
    futures = []
    for number in range(count):
        futures.append(crowd.submit(queue.run, lambda number=number: work(number)))
        time.sleep(0.02)
    return futures


def test_one_works_at_a_time_in_the_order_of_asking():
    queue, gate, order, working = WorkQueue(10), threading.Event(), [], []

    def work(number):
        working.append(number)
        gate.wait(10)
        order.append((number, len(working), threading.current_thread().name))
        working.clear()
        return number

    with ThreadPoolExecutor(11) as crowd:
        futures = started(crowd, queue, work, 11)
        gate.set()
        assert [future.result() for future in futures] == list(range(11))
    assert [number for number, *_ in order] == list(range(11))
    assert {many for _, many, _ in order} == {1}
    assert len({name for *_, name in order}) == 1


def test_who_comes_when_all_places_are_taken_is_refused_and_later_served():
    queue, gate = WorkQueue(2), threading.Event()
    with ThreadPoolExecutor(3) as crowd:
        futures = started(crowd, queue, lambda number: gate.wait(10), 3)
        with pytest.raises(ServiceUnavailable, match="try again"):
            queue.run(lambda: None)
        gate.set()
        assert all(future.result() for future in futures)
    assert queue.run(lambda: "served") == "served"


def test_errors_reach_who_asked_and_free_the_place():
    queue = WorkQueue(0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            queue.run(lambda: 1 / 0)
    assert queue.run(lambda: 1) == 1


def test_nothing_is_done_for_who_has_gone():
    done = []
    with pytest.raises(ServiceUnavailable, match="closed"):
        WorkQueue(0).run(lambda: done.append(1), disconnected=lambda: True)
    assert not done


def test_a_closed_queue_turns_away_who_waits_and_ends_what_is_at_work():
    queue, gate = WorkQueue(2), threading.Event()
    with ThreadPoolExecutor(3) as crowd:
        futures = started(crowd, queue, lambda number: gate.wait(10), 3)
        queue.close()
        for future in futures[1:]:
            with pytest.raises(ServiceUnavailable, match="the server ends"):
                future.result(10)
        gate.set()
        assert futures[0].result()
    with pytest.raises(ServiceUnavailable, match="the server ends"):
        queue.run(lambda: None)
