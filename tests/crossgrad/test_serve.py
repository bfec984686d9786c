"""The built site is served with its address printed, whatever ports are taken."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing

import pytest

from crossgrad.errors import CrossgradError
from crossgrad.serve import HOST, main, make_server


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text("<h1>Crossgrad</h1>")
    return tmp_path


@pytest.fixture
def taken_port():
    with closing(socket.socket()) as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_gives_the_next_free_one(site, taken_port):
    with make_server(site, taken_port) as server:
        assert taken_port < server.server_address[1] < taken_port + 20


def test_no_free_port_is_one_sentence_with_the_remedy(site, taken_port, monkeypatch):
    monkeypatch.setattr("crossgrad.serve.PORTS_TRIED", 1)
    with pytest.raises(CrossgradError, match=f"no port from {taken_port} on is free.*PORT=9000"):
        make_server(site, taken_port)


def test_a_folder_without_a_site_is_one_sentence_with_the_remedy(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "holds no built site; build it first: make build" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(site, port, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([str(site), "--port", port])
    assert f"invalid port_number value: '{port}'" in capsys.readouterr().err


def test_it_prints_the_address_serves_and_ends_quietly_on_ctrl_c(site, taken_port):
    command = [sys.executable, "-m", "crossgrad.serve", str(site), "--port", str(taken_port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        address = line.split()[4]
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read() == b"<h1>Crossgrad</h1>"
            assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert (out.strip(), err) == ("", "")
