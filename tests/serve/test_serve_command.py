"""`python -m seigan_tf serve`, from its options to Ctrl-C."""

import json
import signal
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest

from seigan_tf import pretrained
from seigan_tf.serve import server
from tests import commands
from tests.serve import stub
from tests.web_server import Server


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--max-pixels", 0), "--max-pixels is 0, expected 1 to 210,000,000"),
        (("--max-pixels", 400_000_000), "--max-pixels is 400,000,000, expected 1 to 210,000,000"),
        (("--max-upload", 0), "--max-upload is 0, expected megabytes"),
        (("--max-upload", "nan"), "--max-upload is nan"),
        (("--waiting", -1), "--waiting is -1, expected 0 to 150"),
        (("--name", "https://cats.example"), "--name https://cats.example: expected a host without scheme and port"),
        (("--name", "cats.example:8443"), "--name cats.example:8443: expected a host without scheme and port"),
        (("--name", ""), "--name '': expected a host"),
        (("--grow", 2), "--grow is 2, expected 0 to 1"),
        (("--detector", "no-such.tflite"), "no-such.tflite: no such file, expected a LiteRT (.tflite) detection model"),
        (("--detector-class", "cat"), "--detector-class: is of no use without --detector"),
        (("--weights", "no-such-weights"), "no-such-weights: no trained model"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(capsys, arguments, expected):
    assert expected in commands.call(capsys, "serve", *arguments).refusal


def test_a_port_that_is_taken_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refusal = commands.call(capsys, "serve", "--port", port).refusal
    assert f"--port {port}: cannot be listened on (Address already in use)" in refusal


def test_ports_and_hosts_that_there_are_not_are_one_line(one_line_error):
    message = one_line_error(server.listen, stub.application(), "127.0.0.1", 70000)
    assert message == "--port is 70000, expected 0 to 65535"
    message = one_line_error(server.listen, stub.application(), "no.such.host.invalid", 8100)
    assert message.startswith("--host no.such.host.invalid --port 8100: cannot be listened on")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_address_for_others_is_one_that_they_can_open(host):
    serving, address = server.listen(stub.application(), host, 0)
    serving.close()
    assert urlsplit(address).hostname == (server.own_address(host == "::") or host)


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_serves_the_page_to_this_machine_until_it_is_ended(ended_by):
    with Server("serve", "--port", 0, "--max-upload", 3) as running:
        assert running.address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{running.address}api/settings") as reply:
            settings = json.load(reply)
        assert (settings["name"], settings["size"], settings["max_upload"]) == (pretrained.DEFAULT, 128, 3_000_000)
        running.process.send_signal(ended_by)
        assert running.process.wait(20) == 0
        assert running.process.stdout.read() == ""
