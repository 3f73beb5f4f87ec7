#!/usr/bin/env python3
"""A real ledger, real sockets, and somebody who means harm: everything is refused in one line, logged
without what was sent, and changes nothing; memory stays bounded, and honest callers are served."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import subprocess
import threading
import time

from harness import Ledger, run, run_program, wait_until

TABLES = ("entry", "epoch", "branch", "exception", "side_record", "document", "device", "enroll_code",
          "feed", "total", "stock", "item", "location", "order_request", "lease", "webhook")
MEMORY_KB = 400 * 1024


class Device:
    """A device with its key in a file; openssl signs."""

    def __init__(self, folder, name):
        self.key = folder / f"{name}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True,
                       capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"],
                             check=True, capture_output=True).stdout
        self.public = der[-32:].hex()
        self.message = folder / f"{name}.message"
        self.id = None

    def sign(self, data):
        open(self.message, "wb").write(data)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in",
                               self.message], check=True, capture_output=True).stdout

    def request(self, method, path, query="", body=b"", created=None, keyid=None):
        """The bytes of a signed request."""
        digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        params = ('("@method" "@path" "@query" "content-digest");'
                  f'created={int(time.time()) if created is None else created};'
                  f'nonce="{os.urandom(16).hex()}";keyid="{keyid or self.id}"')
        base = (f'"@method": {method}\n"@path": {path}\n"@query": ?{query}\n'
                f'"content-digest": {digest}\n"@signature-params": {params}')
        value = base64.b64encode(self.sign(base.encode())).decode()
        target = path + (f"?{query}" if query else "")
        head = (f"{method} {target} HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\nContent-Digest: {digest}\r\n"
                f"Signature-Input: hf={params}\r\nSignature: hf=:{value}:\r\n\r\n")
        return head.encode() + body


def connect(ledger):
    return socket.create_connection(("127.0.0.1", ledger.port), timeout=30)


def send(ledger, data):
    """(status, body) of the answer; (0, b"") when the connection was cut without one."""
    got = b""
    with connect(ledger) as sock:
        try:
            sock.sendall(data)
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    if not got.startswith(b"HTTP/1."):
        return 0, got
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def refused(ledger, data, *statuses):
    """One line, and no other outcome than these."""
    status, body = send(ledger, data)
    assert status in statuses, (status, body[:200], data[:200])
    if status and body.startswith(b"{"):
        told = json.loads(body)
        assert b"\n" not in body and told["error"] and told["message"], body
    return status


def digest(ledger):
    return {table: hashlib.sha256(repr(sorted(map(repr, ledger.rows(f"SELECT * FROM {table}"))))
                                  .encode()).hexdigest() for table in TABLES}


def peak_kb(ledger):
    for line in open(f"/proc/{ledger.process.pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")


def serve(folder, *extra):
    ledger = Ledger(folder)
    ledger.extra = ["--log", "json", *extra]
    ledger.start()
    ledger.url = f"http://127.0.0.1:{ledger.port}"
    return ledger


def shop(folder, *extra):
    ledger = serve(folder, *extra)
    ledger.add_location()
    items = folder / "items.csv"
    open(items, "w").write("sku,gtin,name,price\nA,5000112637922,Apple,1.00\n")
    ledger.admin("import", items, "--stock", "S01=10")
    return ledger


def enrolled(ledger, folder, name="T01"):
    device = Device(folder, name)
    code = ledger.json("enroll-code", "--location", "S01", "--till", name)["code"]
    body = json.dumps({"code": code, "device_key": device.public}).encode()
    status, answer = send(ledger, device.request("POST", "/v1/enroll", body=body, keyid=device.public))
    assert status == 200, answer
    device.id = json.loads(answer)["device"]
    return device


def bearer(token, method, path, body=b"", extra=""):
    return (f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {len(body)}\r\n{extra}\r\n").encode() + body


def test_attack__signatures(folder):
    ledger = shop(folder)
    device, stranger = enrolled(ledger, folder), Device(folder, "stranger")
    stranger.id = device.id
    good = device.request("GET", "/v1/device")
    assert send(ledger, good)[0] == 200
    before = digest(ledger)
    refused(ledger, good, 401)                                           # replayed
    refused(ledger, stranger.request("GET", "/v1/device"), 401)          # foreign-signed
    refused(ledger, device.request("GET", "/v1/device", created=int(time.time()) - 301), 401)
    refused(ledger, device.request("GET", "/v1/device", created=int(time.time()) + 60), 401)
    fresh = device.request("POST", "/v1/journal", body=b'{"epoch":"00","first":1,"count":1}\n')
    refused(ledger, fresh.replace(b"POST /v1/journal", b"POST /v1/enroll"), 401)
    refused(ledger, fresh.replace(b"/v1/journal HTTP", b"/v1/journal?a=1 HTTP"), 401)
    refused(ledger, fresh.replace(b'"first":1', b'"first":2'), 401)      # the body
    head, _, body = fresh.partition(b"\r\n\r\n")
    for name in (b"Content-Digest", b"Signature-Input", b"Signature"):
        lines = head.split(b"\r\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(name + b":"))
        without = lines[:at] + lines[at + 1:]
        refused(ledger, b"\r\n".join(without) + b"\r\n\r\n" + body, 401)  # a header left out
        start = len(name) + 2
        for offset in range(start, len(lines[at]), 5):                    # a bit of it, all along
            changed = bytearray(lines[at])
            changed[offset] ^= 1
            refused(ledger, b"\r\n".join(lines[:at] + [bytes(changed)] + lines[at + 1:]) + b"\r\n\r\n" +
                    body, 401)
    assert digest(ledger) == before
    # Over a stop and over a kill, in the second they were made.
    again = device.request("GET", "/v1/device")
    assert send(ledger, again)[0] == 200
    ledger.stop()
    ledger.start()
    refused(ledger, again, 401)
    ledger.kill()
    ledger.start()
    refused(ledger, again, 401, 503)
    wait_until(lambda: send(ledger, device.request("GET", "/v1/device"))[0] == 200, 10, "the ledger")
    refused(ledger, again, 401)
    ledger.stop()


def test_attack__stolen_tokens_and_devices(folder):
    ledger = shop(folder)
    device = enrolled(ledger, folder)
    admin = open(ledger.token).read().strip()
    token_file = folder / "web.token"
    ledger.admin("token", "add", "web", "--scopes", "read,stock", "--output", token_file)
    token = open(token_file).read().strip()
    assert send(ledger, bearer(token, "GET", "/v1/admin/totals"))[0] == 200
    before = digest(ledger)
    refused(ledger, bearer(token, "POST", "/v1/admin/tokens",
                           b'{"name":"mine","scopes":"admin"}'), 403)    # beyond its scope
    refused(ledger, bearer(token[:-1] + ("0" if token[-1] != "0" else "1"), "GET", "/v1/admin/totals"), 401)
    ledger.admin("token", "revoke", "web")
    refused(ledger, bearer(token, "GET", "/v1/admin/totals"), 401)
    assert digest(ledger) == before
    # A question that waits ends with the device's standing.
    waiting = connect(ledger)
    incarnation = json.loads(send(ledger, device.request("GET", "/v1/device"))[1])["incarnation"]
    waiting.sendall(device.request("GET", "/v1/changes", f"incarnation={incarnation}&wait=20&staff=0"))
    ledger.admin("device", "revoke", device.id)
    assert refused(ledger, device.request("GET", "/v1/device"), 403)
    status, body = send(ledger, device.request("GET", "/v1/snapshot"))
    assert json.loads(body)["error"] == "revoked", body
    waiting.close()
    ledger.admin("device", "reinstate", device.id)
    assert send(ledger, device.request("GET", "/v1/device"))[0] == 200
    # The administrator's own token is rotated.
    ledger.admin("token", "add", "next", "--scopes", "admin", "--output", folder / "next.token")
    ledger.token = folder / "next.token"
    ledger.admin("token", "revoke", "admin")
    refused(ledger, bearer(admin, "GET", "/v1/admin/totals"), 401)
    ledger.stop()
    log = open(ledger.log).read()
    for secret in (admin, token, open(ledger.token).read().strip()):
        assert secret not in log


def test_attack__sizes_paths_and_garbage(folder):
    ledger = shop(folder, "--log-level", "debug", "--patience", "5")
    admin = open(ledger.token).read().strip()
    before = digest(ledger)
    zeros = subprocess.run(["zstd", "-q", "-19", "-c"], input=bytes(64 << 20), capture_output=True,
                           check=True).stdout
    assert len(zeros) < 64 << 10
    bomb = "Content-Encoding: zstd\r\n"
    for _ in range(20):                                                  # a zip bomb
        refused(ledger, bearer(admin, "POST", "/v1/admin/reference", zeros, bomb), 400, 413)
    refused(ledger, bearer(admin, "POST", "/v1/admin/reference", b"x" * 1000, bomb), 400)
    huge = b"POST /v1/journal HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    refused(ledger, huge, 413)
    refused(ledger, huge.replace(b"99999999999", b"-1"), 0, 400, 413)
    refused(ledger, huge.replace(b"99999999999", b"1" * 40), 0, 400, 413)
    refused(ledger, b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n", 0, 413, 431)
    refused(ledger, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 0, 414)
    for path in ("/v1/../v1/admin/totals", "/v1/%2e%2e/health", "//v1/health", "/v1//health", "/v1/health/",
                 "/v1/health%00", "/v1/health%2f", "/v1/snapshot/../../etc/passwd", "/v1/snapshot/..%2f..",
                 "/%", "/v1/HEALTH", "/v1/admin", "*", "/v1/health;x=1", "/" + "../" * 300 + "etc/passwd"):
        refused(ledger, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), 0, 400, 401,
                404)
    for line in (b"GET /v1/health\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"GET / HTTP/9.9\r\n\r\n",
                 b"GET /v1/health HTTP/1.1\r\nbad header\r\n\r\n",
                 b"POST /v1/enroll HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
        with connect(ledger) as sock:
            sock.sendall(line)
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(20)
            while sock.recv(65536):
                pass
    for body in (b"{", b"[" * 100000, b'{"rows":[' + b'{"a":' * 500, b'{"rows":1e999}', b"\xff\xfe", b'{"rows":"\\u0000"}',
                 b'{"rows":[{"t":"item","op":"put","row":{"sku":"X","name":"4111 1111 1111 1111"}}]}', b"null",
                 b'{"rows":[],"rows":[]}', b"[]"):
        refused(ledger, bearer(admin, "POST", "/v1/admin/reference", body), 400)
    ledger_after = digest(ledger)
    assert ledger_after == before
    assert send(ledger, b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0] == 200
    assert peak_kb(ledger) < MEMORY_KB, peak_kb(ledger)
    ledger.stop()
    lines = [json.loads(line) for line in open(ledger.log)]
    assert any(line.get("message") == "refused" and line.get("status") == 400 for line in lines)
    text = open(ledger.log).read()
    assert "passwd" not in text and "4111" not in text and admin not in text


def test_attack__slow_ones_and_floods(folder):
    ledger = shop(folder, "--patience", "2")
    token = open(ledger.token).read().strip()
    slow = []
    for i in range(200):                                                 # slow loris, both kinds
        sock = connect(ledger)
        sock.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX-" if i % 2 else
                     b"POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{")
        slow.append(sock)
    stop = threading.Event()

    def drip():
        while not stop.wait(0.3):
            for sock in slow:
                try:
                    sock.sendall(b"a")
                except OSError:
                    pass

    dripping = threading.Thread(target=drip)
    dripping.start()
    assert send(ledger, b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0] == 200

    def open_connections():
        text = send(ledger, bearer(token, "GET", "/metrics"))[1].decode()
        return int(next(line for line in text.splitlines()
                        if line.startswith("holdfast_connections ")).split()[1])

    wait_until(lambda: open_connections() < 10, 60, "slow ones to be cut off")
    stop.set()
    dripping.join()
    for sock in slow:
        sock.close()
    # Too many of one token: told when to come again; and served again after that.
    sock, statuses = connect(ledger), set()
    request = bearer(token, "GET", "/v1/admin/totals").replace(b"Connection: close\r\n", b"")
    for _ in range(30):
        sock.sendall(request * 100)
        got = b""
        while got.count(b"HTTP/1.1 ") < 100 or not got.endswith(b"}"):
            part = sock.recv(1 << 20)
            assert part
            got += part
        statuses |= {int(part.split()[0]) for part in got.split(b"HTTP/1.1 ")[1:]}
        if 429 in statuses:
            assert b"Retry-After: " in got and b"retry_ms" in got
            break
    sock.close()
    assert statuses == {200, 429}, statuses
    wait_until(lambda: send(ledger, bearer(token, "GET", "/v1/admin/totals"))[0] == 200, 20, "its turn")
    assert peak_kb(ledger) < MEMORY_KB, peak_kb(ledger)
    ledger.stop()


def test_attack__webhooks_arrive_once_signed_and_never_inside(folder):
    ledger = shop(folder)
    got, answers = [], [500, 302]

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Holdfast-Signature"], body))
            self.send_response(answers.pop(0) if answers else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ledger.admin("token", "add", "hooks", "--scopes", "hooks", "--output", folder / "hooks.token")
    secret = ledger.admin("webhook", "add", "shop", "--to",
                          f"http://127.0.0.1:{server.server_port}/hook", "--events", "order.placed").stdout.strip()
    order = {"channel": "web", "id": "W-1", "location": "S01", "customer": "",
             "lines": [{"line": 1, "sku": "A", "quantity_milli": 1000}]}
    status, body = send(ledger, bearer(open(ledger.token).read().strip(), "POST", "/v1/orders",
                                       json.dumps(order).encode()))
    assert status == 200, body
    arguments = ["--url", ledger.url, "--token-file", folder / "hooks.token", "--once"]
    run_program("holdfast-hooks", *arguments)                            # a private address: not reached
    assert not got

    def carried():
        run_program("holdfast-hooks", *arguments, "--allow-private")
        return any(path == "/hook" for path, _, _ in got[2:])

    wait_until(carried, 60, "the webhook")
    assert all(path == "/hook" for path, _, _ in got), got               # no redirect was followed
    _, signature, body = got[-1]
    stamp, value = (part.split("=")[1] for part in signature.split(","))
    assert abs(int(stamp) - time.time()) < 60
    assert value == hmac.new(bytes.fromhex(secret), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert [event["kind"] for event in json.loads(body)["events"]] == ["order.placed"]
    run_program("holdfast-hooks", *arguments, "--allow-private")
    count = len(got)
    run_program("holdfast-hooks", *arguments, "--allow-private")
    assert len(got) == count                                             # taken: not again
    server.shutdown()
    ledger.stop()


if __name__ == "__main__":
    run(globals())
