#!/usr/bin/env python3
"""The network that misbehaves does what it says: each fault seen from both ends."""
import http.client
import http.server
import socket
import ssl
import threading
import time

from fault_proxy import FINE, Proxy, Weather
from harness import make_authority, run, wait_until


class Origin:
    """An HTTP server that remembers what reached it."""

    def __init__(self, tls=None):
        self.bodies = []
        origin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) == int(self.headers["Content-Length"]):
                    origin.bodies.append(body)
                answer = b"got " + body
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]


def setup(weather=FINE):
    origin, proxy = Origin(), Proxy(seed=7)
    proxy.upstream_port = origin.port
    link = proxy.add_link()
    proxy.set_weather(link, weather)
    return origin, proxy, link


def setup_tls(folder, blind, weather=FINE):
    """(origin, proxy, link, what a client trusts)"""
    ca, cert, key = make_authority(folder)
    ends = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ends.load_cert_chain(cert, key)
    trusted = ssl.create_default_context(cafile=ca)
    origin, proxy = Origin(ends), Proxy(7, (ends, trusted))
    proxy.upstream_port = origin.port
    link = proxy.add_link(blind)
    proxy.set_weather(link, weather)
    return origin, proxy, link, trusted


def post(link, body, timeout=10, tls=None):
    """The answer's body, or the name of what went wrong."""
    at = ("127.0.0.1", link.port)
    connection = (http.client.HTTPSConnection(*at, timeout=timeout, context=tls) if tls else
                  http.client.HTTPConnection(*at, timeout=timeout))
    try:
        connection.request("POST", "/x", body)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException) as problem:
        return type(problem).__name__
    finally:
        connection.close()


def close(origin, proxy):
    proxy.close()
    origin.server.shutdown()
    origin.server.server_close()


def sure(fate, **others):
    return Weather(fates=((fate, 1.0),), **others)


def test_proxy__fine_weather_changes_nothing(folder):
    origin, proxy, link = setup()
    connection = http.client.HTTPConnection("127.0.0.1", link.port)
    for number in range(20):  # one connection, kept
        body = bytes([number]) * (number * 1000)
        connection.request("POST", "/x", body)
        assert connection.getresponse().read() == b"got " + body
    assert proxy.counts["connections"] == 1 and proxy.counts["requests"] == 20
    connection.close()
    close(origin, proxy)


def test_proxy__slices_and_a_thin_line_change_no_byte(folder):
    origin, proxy, link = setup(Weather(slice_most=7))
    body = bytes(range(256)) * 20
    assert post(link, body) == b"got " + body
    assert proxy.counts["pieces"] > 100, proxy.counts
    proxy.set_weather(link, Weather(rate=20000.0))
    start = time.monotonic()
    assert post(link, body) == b"got " + body
    assert time.monotonic() - start > 0.4
    proxy.set_weather(link, Weather(latency=0.1, jitter=0.1))
    start = time.monotonic()
    assert post(link, b"a") == b"got a"
    assert 0.2 < time.monotonic() - start < 5
    close(origin, proxy)


def test_proxy__cuts_a_request_so_that_it_is_never_whole(folder):
    origin, proxy, link = setup(sure("cut_request"))
    for _ in range(30):
        assert isinstance(post(link, b"x" * 5000), str)
    # A cut may fall exactly on the end: then it arrived, and the client still does not know.
    assert len(origin.bodies) <= 3
    assert proxy.counts["cuts"] > 5 and proxy.counts["resets"] > 5, proxy.counts
    close(origin, proxy)


def test_proxy__cuts_a_response_after_the_request_was_taken(folder):
    origin, proxy, link = setup(sure("cut_response"))
    answers = [post(link, b"y" * 30000) for _ in range(20)]
    assert all(isinstance(answer, str) or len(answer) < 30000 for answer in answers)
    wait_until(lambda: len(origin.bodies) == 20, 10, "all requests to be taken")
    close(origin, proxy)


def test_proxy__refuses_and_listens_again_at_the_same_port(folder):
    origin, proxy, link = setup(Weather(refuse=True))
    assert post(link, b"z") == "ConnectionRefusedError"
    proxy.set_weather(link, FINE)
    assert post(link, b"z") == b"got z"
    close(origin, proxy)


def test_proxy__half_open_hangs_until_the_weather_changes(folder):
    for fate in ("stall_request", "stall_response"):
        origin, proxy, link = setup(sure(fate))
        assert post(link, b"w" * 3000, timeout=0.5) in ("TimeoutError", "timeout"), fate
        threading.Timer(0.3, lambda: proxy.set_weather(link, FINE)).start()
        assert post(link, b"v" * 3000) == b"got " + b"v" * 3000
        assert proxy.counts["stalled"] == 2
        close(origin, proxy)


def test_proxy__late_arrives_after_the_client_gave_up(folder):
    origin, proxy, link = setup(sure("late", pause=0.3))
    assert isinstance(post(link, b"late"), str)
    wait_until(lambda: origin.bodies == [b"late"], 5, "the late request")
    close(origin, proxy)


def test_proxy__hold_lets_others_overtake(folder):
    origin, proxy, link = setup(sure("hold", pause=1.0))
    other = proxy.add_link()
    slow = threading.Thread(target=post, args=(link, b"first"))
    slow.start()
    wait_until(lambda: proxy.counts["hold"] == 1, 5, "the first to be held")
    assert post(other, b"second") == b"got second"
    slow.join()
    assert origin.bodies == [b"second", b"first"]
    close(origin, proxy)


def test_proxy__delivers_the_same_bytes_twice_and_judges_the_answers(folder):
    for fate in ("twice_before", "twice_after"):
        origin, proxy, link = setup(sure(fate, pause=0.1))
        assert post(link, b"double") == b"got double"
        wait_until(lambda: origin.bodies == [b"double"] * 2, 5, "the second delivery")
        # This origin takes everything: exactly what must be told.
        wait_until(lambda: len(proxy.taken_twice) == 1, 5, "the judgement")
        assert proxy.taken_twice[0][2] == "POST /x HTTP/1.1"
        close(origin, proxy)


def test_proxy__a_storm_ends_when_it_is_healed(folder):
    origin, proxy, link = setup()
    others = [proxy.add_link() for _ in range(3)]
    proxy.storm(0.05, 0.2)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for one in (link, *others):
            post(one, b"s" * 500, timeout=0.3)
    proxy.heal()
    for one in (link, *others):
        assert post(one, b"calm") == b"got calm"
    kinds = {name for name in proxy.counts if name.startswith("weather ")}
    assert len(kinds) >= 10, proxy.counts
    close(origin, proxy)


def test_proxy__a_ledger_that_is_away_is_a_reset(folder):
    origin, proxy, link = setup()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy.upstream_port = free.getsockname()[1]
    assert post(link, b"n") in ("ConnectionResetError", "RemoteDisconnected")
    close(origin, proxy)


def test_proxy__ends_tls_and_sees_the_requests(folder):
    weather = Weather("twice", slice_most=50, fates=(("twice_after", 1.0),))
    origin, proxy, link, trusted = setup_tls(folder, False, weather)
    assert post(link, b"sale" * 500, tls=trusted) == b"got " + b"sale" * 500
    wait_until(lambda: len(origin.bodies) == 2, 10, "the second delivery")
    assert origin.bodies[0] == origin.bodies[1] == b"sale" * 500
    close(origin, proxy)


def test_proxy__passes_tls_unread_and_cuts_it_anywhere(folder):
    origin, proxy, link, trusted = setup_tls(folder, True, Weather("sliced", slice_most=7))
    assert post(link, b"sale" * 500, tls=trusted) == b"got " + b"sale" * 500
    proxy.set_weather(link, Weather("cut", reset=0.0, fates=(("cut_request", 1.0),)))
    for _ in range(5):
        broken = post(link, b"sale", tls=trusted)
        assert isinstance(broken, str), broken
    assert len(origin.bodies) == 1 and proxy.counts["blind cut_request"] == 5
    assert proxy.counts["requests"] == 0  # it never knew what it passed
    close(origin, proxy)


if __name__ == "__main__":
    run(globals())
