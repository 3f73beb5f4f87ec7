"""What the end-to-end tests stand on: real programs, real files, real sockets.

A test is a function `test_*` in a file of this folder; `run(globals())` runs them in order and
exits with 1 when one failed. Programs come from $HOLDFAST_BIN (default build/release/bin). Tests
that need the real catalogue or invoices look in $HOLDFAST_DATA (default ../shared/data) and say so
when they are skipped. $HOLDFAST_FULL=1 runs the long forms. $HOLDFAST_TEST_DB is the ledgers' engine:
"sqlite", or the URI of a scratch PostgreSQL (packaging/postgres), where each ledger gets a database.
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("HOLDFAST_BIN", os.path.join(ROOT, "build/release/bin")))
DATA = os.path.abspath(os.environ.get("HOLDFAST_DATA", os.path.join(ROOT, "../shared/data")))
FULL = os.environ.get("HOLDFAST_FULL") == "1"
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
ENGINE = os.environ.get("HOLDFAST_TEST_DB") or "sqlite"


class Skip(Exception):
    pass


def data_file(name):
    path = os.path.join(DATA, name)
    if not os.path.exists(path):
        raise Skip(f"{name} is not in {DATA}")
    return path


def program(name):
    return os.path.join(BIN, name)


def run_program(name, *arguments, timeout=600, check=True, input=None, env=None):
    """Runs to the end. Returns CompletedProcess with text output."""
    done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, timeout=timeout,
                          input=input, env={**os.environ, **(env or {})})
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{name} {' '.join(map(str, arguments))} ended with "
                             f"{done.returncode}: {done.stderr.strip()[-600:]}")
    return done


def expect_error(name, *arguments, status=None, contains="", env=None):
    """A wrong call: exit status not 0 (and no signal), exactly one line on stderr, no crash."""
    done = run_program(name, *arguments, check=False, env=env)
    assert done.returncode > 0, f"{arguments}: accepted, or died of {done.returncode}"
    if status is not None:
        assert done.returncode == status, f"{arguments}: status {done.returncode}"
    lines = [line for line in done.stderr.strip().splitlines()
             if "the server runs with fsync off" not in line]  # what a scratch PostgreSQL is told
    assert len(lines) == 1, f"{arguments}: not one line: {done.stderr!r}"
    assert contains in lines[0], f"{arguments}: {lines[0]!r} lacks {contains!r}"
    return lines[0]


class Folder:
    """A temporary folder that is kept when the test fails."""

    def __init__(self, name):
        self.path = tempfile.mkdtemp(prefix=f"holdfast-{name}-")
        self.keep = False

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def remove(self):
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


def make_database(path):
    """What --db is told for a new ledger database; `path` is where the file of SQLite is."""
    if ENGINE == "sqlite":
        return f"sqlite:{path}"
    parts = urllib.parse.urlsplit(ENGINE)
    return urllib.parse.urlunsplit(parts._replace(path=f"/e2e_{os.urandom(6).hex()}"))


class Ledger:
    def __init__(self, folder, name="ledger"):
        self.db = folder / f"{name}.db"
        self.uri = make_database(self.db)
        self.token = folder / f"{name}.token"
        self.log = folder / f"{name}.log"
        self.process = None
        self.url = None
        self.port = 0
        self.extra = []
        self.trust = []  # for whoever asks it: --ca FILE
        # Where the ledger of PostgreSQL keeps its files; that of SQLite keeps them at its database.
        self.env = {"XDG_STATE_HOME": str(folder / f"{name}.state")}
        self.tool("init", "--token-file", self.token)

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [program("holdfast-ledger"), "serve", "--db", self.uri,
             "--listen", f"127.0.0.1:{self.port}", *self.extra],
            stdout=subprocess.PIPE, stderr=log, env={**os.environ, **self.env})
        line = self.process.stdout.readline().decode()
        match = re.match(r"listening on (\S+):(\d+)", line)
        assert match, f"the ledger did not start: {line!r} {open(self.log).read()[-500:]}"
        self.port = int(match.group(2))
        self.url = f"http{'s' if self.extra else ''}://127.0.0.1:{self.port}"
        return self

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, "the ledger did not stop gracefully"
            self.process = None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tool(self, command, *arguments, **keywords):
        """init, backup, restore, rebuild on this ledger's database."""
        return run_program("holdfast-ledger", command, "--db", self.uri, *arguments, env=self.env,
                           **keywords)

    def rows(self, sql):
        """Reads the database as a stranger would; BLOBs are bytes, on either engine."""
        if ENGINE == "sqlite":
            db = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True, timeout=20)
            try:
                return db.execute(sql).fetchall()
            finally:
                db.close()
        done = subprocess.run(["psql", "-qXAtd", self.uri, "-c", f"SELECT row_to_json(t) FROM ({sql}) t"],
                              check=True, capture_output=True)
        return [tuple(bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("\\x")
                      else value for value in json.loads(line).values())
                for line in done.stdout.splitlines()]

    def admin(self, *arguments, **keywords):
        return run_program("holdfast-admin", "--url", self.url, "--token-file", self.token, *self.trust,
                           *arguments, **keywords)

    def json(self, *arguments, **keywords):
        return json.loads(self.admin(*arguments, "--json", **keywords).stdout,
                          parse_float=decimal_text, parse_int=int)

    def ask(self, path, body=None, timeout=20):
        """(status, answer) of a call with the token: GET, or POST with a body."""
        request = urllib.request.Request(
            self.url + path, None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {open(self.token).read().strip()}",
             "Content-Type": "application/json"})
        trusted = ssl.create_default_context(cafile=self.trust[1]) if self.trust else None
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=trusted) as answer:
                return answer.status, json.loads(answer.read(), parse_float=str)
        except urllib.error.HTTPError as refused:
            with refused:
                text = refused.read()
            return refused.code, json.loads(text) if text.startswith(b"{") else None

    def add_location(self, name="S01", currency="GBP", zone="Europe/London"):
        self.admin("location", "add", name, "--name", f"Shop {name}", "--currency", currency,
                   "--timezone", zone)

    def enroll(self, folder, till="T01", location="S01"):
        code = self.json("enroll-code", "--location", location, "--till", till)["code"]
        path = folder / till
        run_program("holdfast-admin", "--data", path, "enroll", "--url", self.url, "--code", code)
        return Till(path, till)


def make_authority(folder):
    """(CA's certificate, the ledger's certificate by it, its key): PEM files."""
    ca, ca_key, cert, key = (folder / name for name in ("ca.pem", "ca.key", "cert.pem", "cert.key"))
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2"]
    subprocess.run([*make, "-keyout", ca_key, "-out", ca, "-subj", "/CN=Test authority", "-addext",
                    "keyUsage=critical,keyCertSign"], check=True, capture_output=True)
    subprocess.run([*make, "-CA", ca, "-CAkey", ca_key, "-keyout", key, "-out", cert, "-subj",
                    "/CN=ledger", "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return ca, cert, key


def decimal_text(text):
    from decimal import Decimal
    return Decimal(text)


class Till:
    def __init__(self, path, name):
        self.path = path
        self.name = name
        self.agent = None

    def admin(self, *arguments, **keywords):
        return run_program("holdfast-admin", "--data", self.path, *arguments, **keywords)

    def json(self, *arguments, **keywords):
        return json.loads(self.admin(*arguments, "--json", **keywords).stdout,
                          parse_float=decimal_text, parse_int=int)

    def sync(self, **keywords):
        return run_program("holdfast-sync", "--data", self.path, "--once", **keywords)

    def start_agent(self):
        log = open(self.path + ".agent.log", "ab")
        self.agent = subprocess.Popen([program("holdfast-sync"), "--data", self.path],
                                      stdout=log, stderr=log)
        return self.agent

    def kill_agent(self):
        if self.agent:
            self.agent.kill()
            self.agent.wait()
            self.agent = None

    def stop_agent(self):
        if self.agent:
            self.agent.send_signal(signal.SIGTERM)
            assert self.agent.wait(30) == 0, "the agent did not stop gracefully"
            self.agent = None

    def play(self, script, *arguments, **keywords):
        """Runs the till headless on a script given as text."""
        path = self.path + ".script"
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        return run_program("holdfast", "--data", self.path, "--headless", "--script", path, *arguments,
                           **keywords)

    def rows(self, sql, *arguments, name="till.db"):
        """Reads a database of the till as a stranger would, from a copy."""
        with tempfile.TemporaryDirectory() as copy:
            for suffix in ("", "-wal"):
                if os.path.exists(os.path.join(self.path, name + suffix)):
                    shutil.copy(os.path.join(self.path, name + suffix), os.path.join(copy, name + suffix))
            db = sqlite3.connect(os.path.join(copy, name))
            try:
                return db.execute(sql, arguments).fetchall()
            finally:
                db.close()


def wait_until(condition, seconds=30, what="a condition"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def run(module):
    """Runs the module's tests; a name or part of one as an argument picks some."""
    wanted = sys.argv[1:]
    passed = failed = skipped = 0
    for name, function in list(module.items()):
        if not name.startswith("test_") or not callable(function):
            continue
        if wanted and not any(part in name for part in wanted):
            continue
        folder = Folder(name[5:])
        start = time.monotonic()
        try:
            random.seed(SEED)
            function(folder)
            passed += 1
            print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Skip as why:
            skipped += 1
            print(f"SKIPPED {name}: {why}", flush=True)
        except Exception:
            failed += 1
            folder.keep = True
            traceback.print_exc()
            print(f"FAILED  {name} ({time.monotonic() - start:.1f} s); its files are in {folder.path}",
                  flush=True)
        finally:
            folder.remove()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or passed + skipped == 0 else 0)
