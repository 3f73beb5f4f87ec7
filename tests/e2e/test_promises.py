#!/usr/bin/env python3
"""Promises that were broken once, each by the shortest way to break it."""
import json
import os
import stat
import time
import urllib.request

from harness import Ledger, run, run_program

ASSETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../assets/demo")
SIGN_IN = "press item person/P03\ndigits 3456\npress button pin-go\nwait screen {}\n"
OPEN_SHIFT = "digits 100\npress pad/do\nwait screen sell\n"
SALE = ("scan 9520000011475\npress button pay\npress button cash/0\nwait screen change\n"
        "press button next-sale\n")


def shop(folder):
    ledger = Ledger(folder).start()
    ledger.admin("load", ASSETS)
    till = ledger.enroll(folder)
    till.sync()
    return ledger, till


def exceptions(ledger):
    token = open(ledger.token).read().strip()
    request = urllib.request.Request(ledger.url + "/v1/admin/exceptions",
                                     headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["exceptions"]


def test_promises__the_ledgers_secrets_are_for_its_owner_only(folder):
    """ledger.db holds the ledger's signing key and everybody's PIN hash; so does a backup."""
    os.umask(0o022)
    ledger = Ledger(folder).start()
    backup = folder / "backup.db"
    ledger.tool("backup", "--to", backup)
    open_to_others = [path for path in (ledger.db, ledger.db + "-wal", ledger.db + "-shm", backup)
                      if os.path.exists(path) and stat.S_IMODE(os.stat(path).st_mode) & 0o077]
    ledger.stop()
    assert not open_to_others, open_to_others


def test_promises__a_tills_files_are_for_its_owner_only(folder):
    """The replica holds everybody's PIN hash; the till's and the agent's files stand beside it."""
    os.umask(0o022)
    ledger, till = shop(folder)
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT + SALE)
    till.sync()
    ledger.stop()
    open_to_others = [name for name in os.listdir(till.path) if not name.endswith(".lock") and
                      os.path.isfile(os.path.join(till.path, name)) and
                      stat.S_IMODE(os.stat(os.path.join(till.path, name)).st_mode) & 0o077 and
                      name != "replica.current"]
    assert not open_to_others, open_to_others


def test_promises__a_journal_that_was_thrown_away_is_an_exception(folder):
    """Two sales that were never sent are destroyed; the till goes on. Head office must be told,
    and the perpetual totals must not begin at nothing in silence."""
    ledger, till = shop(folder)
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT + SALE * 3)
    till.sync()
    till.play(SIGN_IN.format("sell") + SALE * 2)
    for name in os.listdir(till.path):
        if name.startswith(("till.db", "sync.db")):
            os.remove(os.path.join(till.path, name))
    till.sync()
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT + SALE)
    till.sync()
    found = exceptions(ledger)
    ledger.stop()
    assert found, "the ledger knows nothing of it"


def test_promises__a_percentage_beyond_100_is_refused(folder):
    """429,506.73 % was given as 10.0005 %."""
    ledger, till = shop(folder)
    ledger.stop()
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT + "scan 9520000011475\n"
              "press item line/1\npress key pad/discount\npress chip reason/0\n"
              'digits 429506.73\npress button set\nexpect total "£5.50"\n')


def test_promises__a_sale_that_took_money_can_be_completed(folder):
    """As many lines as the cart takes, with a discount on the whole sale: refused before the first
    tender, or recorded whole; never refused after the card was charged."""
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "long.csv"
    codes = []
    with open(path, "w", encoding="utf-8") as file:
        file.write("sku,name,price,gtin\n")
        for number in range(365):
            body = f"952000{number:06}"
            check = -sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body)) % 10
            codes.append(f"{body}{check}")
            file.write(f"{'K' * 56}{number:04},{'漢' * 80}{number:04},1.00,{codes[-1]}\n")
    assert ledger.json("import", path)["imported"] == 365
    ledger.admin("staff", "add", "--id", "P03", "--name", "Sam", "--role", "manager", "--pin", "3456")
    till = ledger.enroll(folder)
    till.sync()
    ledger.stop()
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT + "".join(f"scan {c}\n" for c in codes) +
              "press button discount\npress chip reason/1\ndigits 33\npress pad/do\n")
    before = till.play(SIGN_IN.format("sell") + "press button pay\nexpect screen tender\n"
                       "press button card\npress button card/approved\n", check=False)
    taken = before.returncode == 0 and "was not taken" not in before.stderr
    sales = till.rows("SELECT count(*) FROM entry WHERE CAST(bytes AS TEXT) LIKE '%\"kind\":\"sale\"%'")
    assert not taken or sales == [(1,)], f"the card was charged, and: {before.stderr.strip()[-200:]}"


def test_promises__once_does_not_wait_for_a_long_poll(folder):
    """Nothing is left to send or to fetch, yet every other run waits 25 s for its long poll."""
    ledger, till = shop(folder)
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT)
    slow = []
    for _ in range(6):
        till.play(SIGN_IN.format("sell") + SALE)
        start = time.monotonic()
        till.sync()
        if time.monotonic() - start > 10:
            slow.append(round(time.monotonic() - start, 1))
    ledger.stop()
    assert not slow, slow


if __name__ == "__main__":
    run(globals())
