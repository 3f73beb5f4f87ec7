#!/usr/bin/env python3
"""The rules of who writes and who reads, on real processes that are stopped, doubled and restored."""
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

from harness import ENGINE, FULL, Ledger, Skip, expect_error, program, run, run_program, wait_until

ROUNDS = 60 if FULL else 25


def write_sales(path, first, count):
    with open(path, "w") as file:
        file.write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
        for number in range(first, first + count):
            file.write(f"{number},A,Apple,2,01/12/2010 08:26,1.00,,UK\n"
                       f"{number},B,Bread,1,01/12/2010 08:26,2.50,,UK\n")
    return path


def shop(folder, items=2):
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "items.csv"
    with open(path, "w") as file:
        file.write("sku,name,price\nA,Apple,1.00\nB,Bread,2.50\n")
        for number in range(items - 2):
            file.write(f"X{number},Extra {number},1.00\n")
    ledger.admin("import", path, "--stock", "S01=1000")
    till = ledger.enroll(folder)
    till.sync()
    return ledger, till


def test_processes__a_stopped_agent_never_hinders_the_till(folder):
    """Stopped anywhere, also in the middle of WAL recovery after a kill: the till reads and sells."""
    ledger, till = shop(folder)
    slowest = 0.0
    for number in range(ROUNDS):
        agent = till.start_agent()
        time.sleep(random.uniform(0.0, 0.03))
        agent.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        stock = till.json("stock", "A", timeout=60)
        assert stock["on_hand"] == 1000 - 2 * number, stock
        till.admin("replay", write_sales(folder / "sale.csv", number, 1), timeout=60)
        slowest = max(slowest, time.monotonic() - start)
        till.kill_agent()  # leaves a WAL: the next start recovers it
    print(f"        {ROUNDS} stops, slowest answer {slowest:.2f} s")
    till.sync()
    assert till.json("stock", "A")["pending"] == 0
    assert ledger.json("totals")["sales"] == ROUNDS
    ledger.stop()


def test_processes__one_writer_per_file(folder):
    ledger, till = shop(folder)
    long_run = write_sales(folder / "long.csv", 1, 20000)
    writer = subprocess.Popen([program("holdfast-admin"), "--data", till.path, "replay", long_run],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: till.rows("SELECT 1 FROM sqlite_master WHERE name = 'entry'") and
               till.rows("SELECT count(*) FROM entry")[0][0] > 5, what="the first sales")
    short = write_sales(folder / "short.csv", 1, 1)
    line = expect_error("holdfast-admin", "--data", till.path, "replay", short)
    assert "in use" in line and str(writer.pid) in line, line
    line = expect_error("holdfast", "--data", till.path, "--headless")
    assert "in use" in line, line
    assert till.json("verify")["ok"], "a reader beside the writer"
    writer.kill()
    writer.wait()
    till.admin("replay", short)  # the lock went with its holder

    agent = till.start_agent()
    wait_until(lambda: os.path.exists(till.path + "/agent.sock"), what="the agent")
    line = expect_error("holdfast-sync", "--data", till.path, "--once")
    assert "in use" in line, line
    assert agent.poll() is None
    till.stop_agent()
    line = expect_error("holdfast-ledger", "serve", "--db", ledger.uri, "--listen",
                        "127.0.0.1:0")
    assert "in use" in line, line
    ledger.stop()


def test_processes__a_snapshot_is_swapped_while_selling(folder):
    ledger, till = shop(folder)
    till.start_agent()
    count = 1500
    selling = subprocess.Popen(
        [program("holdfast-admin"), "--data", till.path, "replay",
         write_sales(folder / "sales.csv", 1, count)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    pointer = os.path.join(till.path, "replica.current")
    seen = {open(pointer).read()}
    for version in range(2 if not FULL else 5):
        big = folder / f"big{version}.csv"
        with open(big, "w") as file:
            file.write("sku,name,price\n")
            for number in range(21000):  # more than the change feed tells
                file.write(f"V{version}-{number},Version {version} number {number},1.00\n")
        ledger.admin("import", big)
        wait_until(lambda: open(pointer).read() not in seen, 60, "a new replica")
        seen.add(open(pointer).read())
        assert till.json("find", f"V{version}-17")["results"][0]["sku"] == f"V{version}-17"
    assert selling.wait(300) == 0, selling.stderr.read()
    expected = 1000 - 2 * count
    assert till.json("stock", "A")["on_hand"] == expected
    wait_until(lambda: till.json("stock", "A")["pending"] == 0, 60, "everything to be sent")
    assert till.json("stock", "A")["on_hand"] == expected
    assert ledger.json("stock", "A")["locations"]["S01"]["available"] == expected
    assert ledger.json("totals")["gross_minor"] == {"GBP": 450 * count}
    files = [name for name in os.listdir(till.path) if name.startswith("replica-") and
             name.endswith(".db")]
    assert len(files) <= 2, files
    till.stop_agent()
    ledger.stop()


def test_processes__a_served_file_is_no_backup(folder):
    """Its log has a writer already: nothing comes from it or goes into it, by another name neither."""
    ledger, till = shop(folder)
    if ENGINE != "sqlite":
        ledger.stop()
        raise Skip("a database on PostgreSQL is no file")
    os.symlink(ledger.db, folder / "link.db")
    for name in (ledger.db, folder / "link.db"):
        expect_error("holdfast-ledger", "restore", "--db", f"sqlite:{folder / 'other.db'}", "--from",
                     name, contains="is in use")
    ledger.tool("backup", "--to", folder / "backup.db")
    expect_error("holdfast-ledger", "restore", "--db", f"sqlite:{folder / 'link.db'}", "--from",
                 folder / "backup.db", contains="is in use")
    assert not os.path.exists(folder / "other.db")
    till.admin("replay", write_sales(folder / "a.csv", 1, 3))
    till.sync()
    ledger.stop()
    run_program("holdfast-ledger", "restore", "--db", f"sqlite:{folder / 'other.db'}", "--from", ledger.db)
    ledger.start()
    assert ledger.json("totals")["sales"] == 3
    ledger.stop()


def test_processes__what_a_restored_ledger_lost_comes_back(folder):
    """Also when somebody simply copies the old file back, without telling the program."""
    for way in ("restore", "copy") if ENGINE == "sqlite" else ("restore",):
        sub = folder / way
        os.mkdir(sub)
        inside = type(folder).__new__(type(folder))
        inside.path = sub
        ledger, till = shop(inside)
        till.admin("replay", write_sales(inside / "a.csv", 1, 30))
        till.sync()
        backup = inside / "backup.db"
        ledger.tool("backup", "--to", backup)
        till.admin("replay", write_sales(inside / "b.csv", 100, 40))
        till.sync()
        assert ledger.json("totals")["sales"] == 70
        ledger.stop()
        if way == "restore":
            ledger.tool("restore", "--from", backup)
        else:
            for name in os.listdir(sub):
                if name in ("ledger.db-wal", "ledger.db-shm"):
                    os.remove(os.path.join(sub, name))
            subprocess.run(["cp", backup, ledger.db], check=True)
        ledger.start()
        assert ledger.json("totals")["sales"] == 30
        till.admin("replay", write_sales(inside / "c.csv", 200, 5))
        till.sync()
        assert ledger.json("totals")["sales"] == 75, ledger.json("totals")
        stock = till.json("stock", "A")
        assert stock["on_hand"] == 1000 - 150 and stock["pending"] == 0, stock
        assert ledger.json("stock", "A")["locations"]["S01"]["available"] == 850
        assert till.json("verify")["ok"]
        ledger.stop()


def test_processes__the_ledger_is_killed_while_tills_send(folder):
    ledger, till = shop(folder)
    till.admin("replay", write_sales(folder / "sales.csv", 1, 2000))
    till.start_agent()
    for _ in range(12):
        time.sleep(random.uniform(0.02, 0.3))
        ledger.kill()
        ledger.start()
    till.kill_agent()
    till.sync()
    totals = ledger.json("totals")
    assert totals["sales"] == 2000 and totals["gross_minor"] == {"GBP": 900000}, totals
    assert ledger.json("stock", "B")["locations"]["S01"]["available"] == 1000 - 2000
    ledger.stop()


def test_processes__the_agents_status_tells_what_waits_and_since_when(folder):
    ledger, till = shop(folder)

    def status():
        lines = run_program("holdfast-sync", "--data", till.path, "--status").stdout.splitlines()
        return {line[:12].strip(): line[13:] for line in lines}

    told = status()
    assert told["to send"] == "0 entries" and "oldest" not in told, told
    for scope in ("catalogue", "prices", "staff", "customers", "location:S01"):
        assert re.fullmatch(r"\S+Z \(\d+ \S+ ago\)", told[scope]), told
    ledger.stop()
    till.admin("replay", write_sales(folder / "sales.csv", 1, 2))
    till.start_agent()
    wait_until(lambda: "oldest" in status(), 20, "the agent to see the sales")
    till.stop_agent()
    told = status()
    assert told["ledger"] == "offline" and int(told["to send"].split()[0]) >= 2, told
    assert re.fullmatch(r"\S+Z \(\d+ \S+ ago\)", told["oldest"]), told
    assert "No answer from the ledger" in told["because"], told


def make_certificate(cert, key):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out",
                    cert, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)


def test_processes__tls_end_to_end(folder):
    cert, key, old = folder / "cert.pem", folder / "key.pem", folder / "old.pem"
    make_certificate(cert, key)
    ledger = Ledger(folder)
    ledger.extra = ["--tls-cert", cert, "--tls-key", key]
    ledger.start()
    refused = ledger.admin("totals", check=False)
    assert refused.returncode == 1 and len(refused.stderr.strip().splitlines()) == 1, refused.stderr
    ledger.admin("--ca", cert, "location", "add", "S01", "--name", "N", "--currency", "GBP",
                 "--timezone", "Europe/London")
    assert ledger.json("--ca", cert, "totals")["entries"] == 0
    # Renewed: read again at SIGHUP, and not before.
    shutil.copy(cert, old)
    make_certificate(cert, key)
    ledger.admin("--ca", old, "totals")
    assert ledger.admin("--ca", cert, "totals", check=False).returncode == 1
    ledger.process.send_signal(signal.SIGHUP)
    wait_until(lambda: ledger.admin("--ca", cert, "totals", check=False).returncode == 0, 20,
               "the renewed certificate")
    assert ledger.admin("--ca", old, "totals", check=False).returncode == 1
    # One that can't be used is told, and changes nothing.
    open(cert, "w").write("no certificate")
    ledger.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the certificate stays as it was" in open(ledger.log).read(), 20, "the log")
    with socket.create_connection(("127.0.0.1", ledger.port), timeout=20) as plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as secure:
            assert secure.version() == "TLSv1.3"
    ledger.stop()


def test_processes__a_second_signal_ends_the_ledger_at_once(folder):
    ledger = Ledger(folder)
    ledger.start()
    with socket.create_connection(("127.0.0.1", ledger.port), timeout=20) as slow:
        # Who has begun is waited for: the ledger does not end by itself now.
        slow.sendall(b"POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        ledger.admin("location", "add", "S01", "--name", "N", "--currency", "GBP", "--timezone",
                     "Europe/London")
        ledger.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "ledger: stopping" in open(ledger.log).read(), 20, "the first signal")
        ledger.process.send_signal(signal.SIGTERM)
        assert ledger.process.wait(5) == -signal.SIGTERM
    ledger.start()
    assert ledger.rows("SELECT location FROM location") == [("S01",)]  # answered: there
    ledger.stop()


if __name__ == "__main__":
    run(globals())
