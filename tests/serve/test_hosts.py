"""Only the page itself may use its server."""

import pytest
from werkzeug.exceptions import Forbidden
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

from seigan_tf.serve.server import Hosts


def allowed(hosts, host, origin=None):
    environ = create_environ(headers={} if origin is None else {"Origin": origin})
    environ.pop("HTTP_HOST", None)
    if host is not None:
        environ["HTTP_HOST"] = host
    try:
        hosts.check(Request(environ))
    except Forbidden:
        return False
    return True


OWN = ["127.0.0.1:8100", "localhost:8100", "LOCALHOST", "[::1]:8100", "127.0.0.1", "localhost."]
ADDRESSES = ["192.168.1.7:8100", "[fd00::7]:8100", "8.8.8.8"]
FOREIGN = ["evil.example:8100", "localhost.evil.example", "127.0.0.1.nip.io", "", None, "[::1", "a b", "@localhost.x"]


@pytest.mark.parametrize("listening", ["127.0.0.1", "::1", "localhost"])
def test_a_server_for_this_machine_answers_to_its_own_names_only(listening):
    hosts = Hosts(listening)
    assert all(allowed(hosts, host) for host in OWN)
    assert not any(allowed(hosts, host) for host in ADDRESSES + FOREIGN)


@pytest.mark.parametrize("listening", ["0.0.0.0", "192.168.1.7", "::"])
def test_a_server_for_others_answers_to_addresses_which_no_website_can_take(listening):
    hosts = Hosts(listening)
    assert all(allowed(hosts, host) for host in OWN + ADDRESSES)
    assert not any(allowed(hosts, host) for host in FOREIGN)


def test_names_that_are_given_are_answered_to():
    assert allowed(Hosts("127.0.0.1", ["Cats.Example"]), "cats.example:443")
    assert not allowed(Hosts("127.0.0.1", ["cats.example"]), "dogs.example")
    assert allowed(Hosts("laptop.local"), "laptop.local:8100")


def test_requests_of_other_websites_are_refused():
    hosts = Hosts("127.0.0.1")
    assert allowed(hosts, "127.0.0.1:8100", "http://127.0.0.1:8100")
    assert allowed(hosts, "localhost:8100", "http://LOCALHOST:8100")
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1:9000",
        "http://127.0.0.1:8100.evil.example",
        "http://[",
        "",
    ):
        assert not allowed(hosts, "127.0.0.1:8100", origin)


def test_a_web_server_before_it_may_call_it_by_its_address():
    hosts = Hosts("127.0.0.1", ["Photos.Example"])
    for origin in ("https://photos.example", "http://photos.example", "https://PHOTOS.example"):
        assert allowed(hosts, "127.0.0.1:8100", origin)
        assert not allowed(Hosts("127.0.0.1"), "127.0.0.1:8100", origin)
        assert not allowed(hosts, "evil.example", origin)
    assert allowed(hosts, "photos.example:8443", "https://photos.example:8443")
    for origin in (
        "https://photos.example:9000",
        "https://photos.example.evil.example",
        "https://evil.example",
        "https://photos.example@evil.example",
        "null",
        "",
    ):
        assert not allowed(hosts, "127.0.0.1:8100", origin)
        assert not allowed(hosts, "photos.example", origin)


@pytest.mark.parametrize("listening", ["localhost", "laptop.local"])
def test_pages_at_other_ports_of_its_own_machine_are_other_websites(listening):
    hosts = Hosts(listening, ["photos.example"])
    for origin in (f"http://{listening}", f"http://{listening}:9000", "http://127.0.0.1", "http://localhost"):
        assert not allowed(hosts, f"{listening}:8100", origin)
