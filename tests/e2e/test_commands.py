#!/usr/bin/env python3
"""Every command and file, given nonsense: one clear line, nothing lost, nothing half."""
import json
import os
import random
import re
import resource
import socket
import subprocess
import urllib.error
import urllib.request

from harness import Ledger, expect_error, program, run, run_program

PROGRAMS = ("holdfast", "holdfast-sync", "holdfast-ledger", "holdfast-admin", "holdfast-hooks", "holdfast-bench")


def small_shop(folder):
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "items.csv"
    open(path, "w").write("sku,gtin,name,price\nA,5000112637922,Apple,1.00\nB,,Bread,2.50\n")
    ledger.admin("import", path, "--stock", "S01=10")
    till = ledger.enroll(folder)
    till.sync()
    return ledger, till


def test_commands__all_have_help_and_version(folder):
    for name in PROGRAMS:
        assert "holdfast" in run_program(name, "--help").stdout
        version = run_program(name, "--version").stdout
        assert version.startswith(f"{name} ") and version.strip()[-1].isdigit(), version
        expect_error(name, "--no-such-option", status=2)


def test_commands__wrong_words_are_refused_in_one_line(folder):
    ledger, till = small_shop(folder)
    at_ledger = ["--url", ledger.url, "--token-file", ledger.token]
    at_till = ["--data", till.path]
    missing = folder / "missing"
    empty = folder / "empty.csv"
    open(empty, "w").close()
    binary = folder / "binary.csv"
    open(binary, "wb").write(bytes(range(256)) * 64)
    for arguments in (
        [], ["frobnicate"], [*at_ledger, "frobnicate"], [*at_till, "frobnicate"],
        [*at_ledger, "location", "add"], [*at_ledger, "location", "add", "S02"],
        [*at_ledger, "location", "add", "S02", "--name", "N", "--currency", "QQ1", "--timezone",
         "Europe/London"],
        [*at_ledger, "location", "add", "S02", "--name", "N", "--currency", "GBP", "--timezone",
         "Mars/Olympus"],
        *([*at_ledger, "location", "add", "S02", "--name", "N", "--timezone", "Europe/London",
           "--currency", currency] for currency in ("EURO", "eur", "EU", "", "£££")),
        *([*at_ledger, "report", "money", "--location", "S01", *dates] for dates in (
            ("--from", "2026-02-31"), ("--to", "2026-1-1"), ("--from", "21.11.2026"), ("--to", ""),
            ("--from", "2026-11-22", "--to", "2026-11-21"), ("--currency", "GBP"))),
        [*at_ledger, "report", "money"], [*at_ledger, "report", "money", "--location", "S99"],
        [*at_ledger, "location", "add", "../x", "--name", "N", "--currency", "GBP", "--timezone",
         "Europe/London"],
        [*at_ledger, "staff", "add", "--id", "x"],
        [*at_ledger, "staff", "add", "--id", "x", "--name", "X", "--role", "cashier", "--pin", "12"],
        [*at_ledger, "import", missing], [*at_ledger, "import", empty], [*at_ledger, "import", binary],
        [*at_ledger, "import"], [*at_ledger, "import", empty, "--stock", "S01"],
        [*at_ledger, "import", folder / "items.csv", "--stock", "NOWHERE=5"],
        [*at_ledger, "enroll-code"], [*at_ledger, "enroll-code", "--location", "S99", "--till", "T09"],
        [*at_ledger, "stock"], [*at_ledger, "stock", "NO-SUCH-SKU"], [*at_ledger, "load", missing],
        ["--url", "ftp://x", "--token-file", ledger.token, "totals"],
        ["--url", "http://127.0.0.1:1", "--token-file", ledger.token, "totals"],
        ["--url", ledger.url, "--token-file", missing, "totals"],
        ["--url", ledger.url, "--token-file", empty, "totals"],
        [*at_till, "find"], [*at_till, "stock"], [*at_till, "stock", "NO-SUCH-SKU"],
        [*at_till, "replay"], [*at_till, "replay", missing], [*at_till, "replay", binary],
        [*at_till, "replay", empty], [*at_till, "receipt"], [*at_till, "receipt", "T01-XXX-000001"],
        [*at_till, "receipt", "x", "--format", "pdf"], [*at_till, "scan", "123"],
        [*at_till, "enroll", "--url", ledger.url, "--code", "WRONG-CODE"],
        ["--data", missing, "verify"], ["--data", missing, "find", "x"],
        ["--data", folder / "new", "enroll", "--url", ledger.url, "--code", "WRONG-CODE"],
        ["--data", "/proc/nowhere", "enroll", "--url", ledger.url, "--code", "X"],
        [*at_till, "verify", "--url"], [*at_till, "verify", "--data", till.path],
    ):
        expect_error("holdfast-admin", *arguments)
    for arguments in (
        [], ["serve"], ["init"], ["init", "--db", "sqlite:/proc/x/y.db", "--token-file", folder / "t"],
        ["init", "--db", ledger.uri, "--token-file", folder / "t"],
        ["serve", "--db", f"sqlite:{missing}", "--listen", "127.0.0.1:0"],
        ["serve", "--db", "mysql:x", "--listen", "127.0.0.1:0"],
        ["serve", "--db", f"sqlite:{binary}", "--listen", "127.0.0.1:0"],
        ["serve", "--db", ledger.uri, "--listen", "nonsense"],
    ):
        expect_error("holdfast-ledger", *arguments)
    for arguments in ([], ["--data", missing], ["--data", missing, "--once"], ["--data"]):
        expect_error("holdfast-sync", *arguments)
    for arguments in ([], ["--data", missing, "--headless"],
                      ["--data", till.path, "--headless", "--script", missing]):
        expect_error("holdfast", *arguments)
    assert ledger.json("totals")["entries"] == 0
    assert ledger.json("stock", "A")["locations"]["S01"]["available"] == 10
    ledger.stop()


def test_commands__an_enroll_code_works_once(folder):
    ledger, _ = small_shop(folder)
    code = ledger.json("enroll-code", "--location", "S01", "--till", "T02")["code"]
    run_program("holdfast-admin", "--data", folder / "one", "enroll", "--url", ledger.url, "--code", code)
    expect_error("holdfast-admin", "--data", folder / "two", "enroll", "--url", ledger.url, "--code", code)
    assert not os.path.exists(folder / "two/device.json")
    expect_error("holdfast-admin", "--data", folder / "one", "enroll", "--url", ledger.url, "--code", code)
    mode = os.stat(folder / "one/device.json").st_mode & 0o777
    assert mode == 0o600, oct(mode)
    ledger.stop()


def call(url, method="GET", body=None, headers=None):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def test_commands__the_ledger_refuses_strangers_and_nonsense(folder):
    ledger, till = small_shop(folder)
    token = open(ledger.token).read().strip()
    bearer = {"Authorization": f"Bearer {token}"}
    before = ledger.json("totals")
    cases = [
        ("GET", "/", None, {}, (404,)), ("GET", "/v1/device", None, {}, (401, 403)),
        ("POST", "/v1/journal", b"x", {}, (400, 401, 403)),
        ("GET", "/v1/snapshot/../../etc/passwd", None, {}, (400, 401, 403, 404)),
        ("GET", "/v1/admin/totals", None, {}, (401, 403)),
        ("GET", "/v1/admin/totals", None, {"Authorization": "Bearer wrong"}, (401, 403)),
        ("DELETE", "/v1/admin/totals", None, bearer, (404, 405)),
        ("POST", "/v1/admin/reference", b"{", bearer, (400,)),
        ("POST", "/v1/admin/reference", b"[" * 100000, bearer, (400,)),
        ("POST", "/v1/admin/reference", b'{"rows":[{"t":"nope","op":"put","row":{}}]}', bearer, (400,)),
        ("POST", "/v1/admin/reference", b'{"rows":[{"t":"item","op":"put","row":{"sku":"\xff"}}]}', bearer,
         (400,)),
        ("POST", "/v1/admin/enroll-codes", b'{"location":5}', bearer, (400,)),
        ("POST", "/v1/enroll", b'{"code":"x","device_key":"00"}', {}, (400, 401, 403)),
        ("GET", "/v1/admin/stock?sku=" + "A" * 7000, None, bearer, (400, 404, 414)),
    ]
    for method, path, body, headers, allowed in cases:
        status, answer = call(ledger.url + path, method, body, headers)
        assert status in allowed, (method, path[:60], status, answer[:200])
        message = json.loads(answer)["message"]
        assert message and "\n" not in message, answer
    raw = socket.create_connection(("127.0.0.1", ledger.port))
    raw.sendall(bytes(random.randrange(256) for _ in range(4000)) + b"\r\n\r\n")
    raw.close()
    slow = socket.create_connection(("127.0.0.1", ledger.port))
    slow.sendall(b"POST /v1/journal HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert ledger.json("totals") == before
    slow.close()
    log = open(ledger.log).read()
    assert token not in log
    ledger.stop()


def test_commands__a_damaged_folder_is_one_clear_line(folder):
    ledger, till = small_shop(folder)
    ledger.stop()
    import shutil
    for name, damage in (
        ("device.json", b"{"), ("device.json", b""), ("replica.current", b"../../etc/passwd\n"),
        ("replica.current", b"replica-77.db\n"), ("till.db", b"not a database" * 100),
        ("sync.db", b"\0" * 5000),
    ):
        path = folder / "damaged"
        shutil.copytree(till.path, path)
        with open(os.path.join(path, name), "wb") as file:
            file.write(damage)
        if name == "device.json":
            os.chmod(os.path.join(path, name), 0o600)
        for suffix in ("-wal", "-shm"):
            if os.path.exists(os.path.join(path, name + suffix)):
                os.remove(os.path.join(path, name + suffix))
        done = run_program("holdfast-admin", "--data", path, "verify" if name == "till.db" else "find",
                           *([] if name == "till.db" else ["apple"]), check=False)
        if name != "sync.db":
            assert done.returncode > 0 and len(done.stderr.strip().splitlines()) == 1, (name, done)
        if name in ("device.json", "till.db"):
            expect_error("holdfast", "--data", path, "--headless", "--script", "/dev/null")
        else:  # the agent's files: the till says it in one line, or starts and waits for the agent
            done = run_program("holdfast", "--data", path, "--headless", "--script", "/dev/null",
                               check=False)
            said = [line for line in done.stderr.strip().splitlines()
                    if not re.match(r"\d{4}-\d\d-\d\dT\S+ (info|warn) till: ", line)]
            assert done.returncode in (0, 1) and len(said) == done.returncode, (name, done)
        shutil.rmtree(path)


def test_commands__a_receipt_has_three_forms(folder):
    ledger, till = small_shop(folder)
    sale = folder / "sale.csv"
    open(sale, "w").write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
                          "1,A,Apple,2,01/12/2010 08:26,1.00,,UK\n1,B,Bread,1,01/12/2010 08:26,2.50,,UK\n")
    till.admin("replay", sale)
    number = find_receipt(till)
    text = till.admin("receipt", number).stdout
    assert number in text and "Apple" in text and "4.50" in text, text
    png = subprocess.run([program("holdfast-admin"), "--data", till.path, "receipt", number, "--format",
                          "png"], capture_output=True, check=True).stdout
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    escpos = subprocess.run([program("holdfast-admin"), "--data", till.path, "receipt", number,
                             "--format", "escpos"], capture_output=True, check=True).stdout
    assert escpos.startswith(b"\x1b@") and b"Apple" in escpos
    ledger.stop()


def test_commands__without_file_descriptors_nothing_else_is_blamed(folder):
    ledger, till = small_shop(folder)
    sale = folder / "sale.csv"
    open(sale, "w").write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
                          "1,B,Bread,1,01/12/2010 08:26,2.50,,UK\n")
    till.admin("replay", sale)
    ledger.tool("backup", "--to", folder / "backup.db")
    ledger.stop()
    calls = (
        ("holdfast-ledger", "rebuild", "--db", ledger.uri),
        ("holdfast-ledger", "restore", "--db", ledger.uri, "--from", folder / "backup.db"),
        ("holdfast-admin", "--data", till.path, "verify"),
        ("holdfast-admin", "--data", till.path, "find", "apple"),
        ("holdfast-sync", "--data", till.path, "--once"),
        ("holdfast", "--data", till.path, "--headless", "--script", "/dev/null"),
    )
    told = set()
    for most in range(4, 14):
        limit = (resource.RLIMIT_NOFILE, (most, most))
        for name, *words in calls:
            done = subprocess.run([program(name), *map(str, words)], capture_output=True, text=True,
                                  timeout=60, preexec_fn=lambda: resource.setrlimit(*limit))
            if "loading shared libraries" in done.stderr:
                continue
            assert done.returncode in (0, 1), (most, name, done)
            for wrong in ("not a database", "is no", "no such", "No such", "has not started"):
                assert wrong not in done.stderr, (most, name, words, done.stderr)
            if "Too many open files" in done.stderr:
                told.add(name)
    assert told == {name for name, *_ in calls}, told


def test_commands__an_exception_keeps_the_note_it_was_settled_with(folder):
    ledger, till = small_shop(folder)
    sale = folder / "sale.csv"
    open(sale, "w").write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
                          "1,B,Bread,11,01/12/2010 08:26,2.50,,UK\n")
    till.admin("replay", sale)
    till.sync()
    (one,) = ledger.json("exceptions")["exceptions"]
    assert one["kind"] == "oversell", one
    number, note = str(one["id"]), "counted again\nby \x1b[31mAnna"
    at_ledger = ["--url", ledger.url, "--token-file", ledger.token, "exception"]
    for arguments in (("settle", number, "--note", "4111 1111 1111 1111"),
                      ("settle", number, "--note", "x" * 501), ("settle", number, "--to", "Anna"),
                      ("show", number, "--note", "kept?"), ("reopen", number, "--to", "Anna")):
        expect_error("holdfast-admin", *at_ledger, *arguments)
    assert ledger.json("exception", "show", number)["state"] == "open"
    assert ledger.json("exception", "settle", number, "--note", note)["note"] == note
    line = ledger.admin("exceptions", "--state", "settled").stdout.splitlines()[1]
    assert line.endswith("# counted again by  [31mAnna"), line
    assert ledger.admin("exception", "show", number).stdout.count("counted again by ") == 1
    ledger.stop()


def find_receipt(till):
    for (body,) in till.rows("SELECT bytes FROM entry"):
        entry = json.loads(body)
        if entry.get("receipt"):
            return entry["receipt"]
    raise AssertionError("no receipt on the journal")


if __name__ == "__main__":
    run(globals())
