"""The page in a browser; needs playwright and Debian's chromium, and is skipped where they are absent."""

import contextlib
import sqlite3
import time

import pytest
from PIL import Image

from seigan_tf.study import database
from tests.browser import chromium, complaints
from tests.study import simulation
from tests.study.simulation import Server

READY = "#left:not([disabled])"
GLANCE = 350
"""Milliseconds after which a choice counts."""
SOON = 2000
"""Milliseconds after which the page has repeated a request that failed once."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def study(tmp_path):
    made = simulation.study()
    return made, simulation.write(made, tmp_path / "study")


def counted(page, count):
    """Waits until so many are answered and the next pair is there."""
    page.wait_for_function("n => document.getElementById('count').textContent.startsWith(n + ' ')", arg=count)
    ready(page)


def ready(page):
    page.wait_for_selector(f"{READY}, #end:not([hidden])")
    page.wait_for_timeout(GLANCE)


def reserve_all(folder, made):
    """Gives every pair to others, who do not answer."""
    store = database.AnswerStore(folder / database.ANSWERS_FILE, made, database.SessionSettings(pairs=len(made.pairs)))
    while store.start():
        pass
    store.close()


def test_keys_clicks_and_reloading(browser, study):
    made, folder = study
    with Server(folder, "--pairs", "3") as running:
        page = browser.new_page()
        errors = complaints(page)
        page.goto(running.address)
        page.click("#start")
        ready(page)
        shown = []
        for number, act in enumerate(
            [
                lambda: page.keyboard.press("ArrowLeft"),
                lambda: page.click("#right"),
                lambda: (page.focus("#left"), page.keyboard.press("Enter")),
                lambda: page.keyboard.press("ArrowRight"),
                lambda: page.dblclick("#left", delay=80),
            ],
            start=1,
        ):
            shown.append([page.get_attribute(f"#{side} img", "src")[9:-4] for side in ("left", "right")])
            act()
            counted(page, number)
            if number == 2:
                page.reload()
                counted(page, number)
        assert "2 of 6" not in page.inner_text("#compare")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#end:not([hidden])")
        assert "6 pairs" in page.inner_text("#total")
        assert page.inner_text("#more") == "Compare more"
        reserve_all(folder, made)
        page.click("#more")
        page.wait_for_function("() => document.getElementById('more').textContent === 'Try again'")
        assert "come back in an hour" in page.inner_text("#more-text")
        other = browser.new_page()
        other.goto(running.address)
        other.click("#start")
        other.wait_for_selector("#end:not([hidden])")
        assert "come back in an hour" in other.inner_text("#more-text")
        other.reload()
        other.wait_for_selector("#welcome:not([hidden])")
        other.close()
        with contextlib.closing(sqlite3.connect(folder / database.ANSWERS_FILE)) as connection, connection:
            connection.execute("UPDATE tasks SET assigned = 0")
        page.click("#more")
        ready(page)
        assert page.inner_text("#count") == "6 of 12"
        assert errors == []
        page.close()
    given = database.read_answers(folder / database.ANSWERS_FILE, made)
    assert [answer.choice for answer in given[:5]] == ["left", "right", "left", "right", "left"]
    assert [[answer.left, answer.right] for answer in given[:5]] == shown


@pytest.mark.parametrize(("width", "height"), [(390, 664), (320, 568), (740, 340), (1280, 720)])
def test_a_pair_fits_on_the_screen_of_a_phone(browser, study, width, height):
    with Server(study[1]) as running:
        page = browser.new_page(viewport={"width": width, "height": height}, has_touch=True, is_mobile=width < 1000)
        page.goto(running.address)
        page.tap("#start")
        ready(page)
        sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert sizes == [width, height]  # nothing to scroll
        for side in ("left", "right"):
            box = page.locator(f"#{side} img").bounding_box()
            assert box["width"] == pytest.approx(box["height"], abs=1)
            assert box["width"] > 0.5 * min(width, height / 2)
        page.tap("#right")
        counted(page, 1)
        page.close()


@pytest.mark.parametrize(("size", "shown"), [((16, 16), 448), ((700, 500), 700), ((3000, 200), 940)])
def test_large_pictures_are_shown_large(browser, tmp_path, size, shown):
    made = simulation.study(pictures=1, pairs=6, checks=0)
    folder = simulation.write(made, tmp_path / "study")
    for name in made.pictures:
        Image.new("RGB", size).save(made.picture(folder, name))
    with Server(folder) as running:
        page = browser.new_page(viewport={"width": 1960, "height": 1200})
        page.goto(running.address)
        page.click("#start")
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 1960
        assert page.locator("#left img").bounding_box()["width"] == pytest.approx(shown, abs=30)
        page.close()


def test_an_answer_waits_for_a_server_that_is_away(browser, study):
    made, folder = study
    running = Server(folder)
    page = browser.new_page()
    page.goto(running.address)
    page.click("#start")
    ready(page)
    running.kill()
    page.click("#right")
    page.wait_for_selector("#message:not([hidden])")
    assert "cannot be reached" in page.inner_text("#message")
    time.sleep(0.2)
    with Server(folder, port=running.port):
        counted(page, 1)
        assert page.is_hidden("#message")
    page.close()
    assert [answer.choice for answer in database.read_answers(folder / database.ANSWERS_FILE, made)] == ["right"]


def refusal(**answer):
    """Route handler that answers in place of the study, as a web server on the way."""
    return lambda route: route.fulfill(**answer)


def test_an_answer_waits_for_a_web_server_on_the_way_that_refuses_it(browser, study):
    made, folder = study
    statuses = (200, 403, 404, 429)
    with Server(folder) as running:
        for status in statuses:
            page = browser.new_page()
            page.clock.install()
            page.goto(running.address)
            page.click("#start")
            ready(page)
            token = page.evaluate("() => localStorage.getItem('study-assessor')")
            page.route("**/api/*", refusal(status=status, body="<h1>not now</h1>", content_type="text/html"))
            page.click("#right")
            page.wait_for_selector("#message:not([hidden])")
            assert page.is_visible("#compare")
            assert page.evaluate("() => localStorage.getItem('study-assessor')") == token
            page.unroute("**/api/*")
            page.clock.fast_forward(SOON)
            counted(page, 1)
            assert page.is_hidden("#message")
            page.route("**/api/*", refusal(status=status, json={"error": "not now"}))
            page.reload()
            page.wait_for_selector("#message:not([hidden])")
            page.unroute("**/api/*")
            page.clock.fast_forward(SOON)
            counted(page, 1)
            page.close()
    given = [answer.choice for answer in database.read_answers(folder / database.ANSWERS_FILE, made)]
    assert given == ["right"] * len(statuses)


def test_a_session_that_the_study_does_not_know_ends_with_a_message(browser, study):
    _, folder = study
    with Server(folder) as running:
        page = browser.new_page()
        page.goto(running.address)
        page.click("#start")
        ready(page)
        with contextlib.closing(sqlite3.connect(folder / database.ANSWERS_FILE)) as connection, connection:
            connection.execute("DELETE FROM tasks")
            connection.execute("DELETE FROM assessors")
        page.click("#left")
        page.wait_for_selector("#welcome:not([hidden])")
        assert "not known here any more" in page.inner_text("#message")
        assert page.evaluate("() => localStorage.getItem('study-assessor')") is None
        page.click("#start")
        ready(page)
        assert page.is_hidden("#message")
        page.close()
