#!/usr/bin/env python3
"""The till is killed at random while it sells, through its real screens.

After every kill: what was printed is on the journal, no number is used twice, the chain verifies,
and the open cart is there again.
"""
import glob
import json
import os
import random
import re
import subprocess
import time

from harness import FULL, Ledger, program, run

KILLS = 500 if FULL else 120


def shop(folder):
    ledger = Ledger(folder).start()
    ledger.admin("load", os.path.join(os.path.dirname(__file__), "../../assets/demo"))
    till = ledger.enroll(folder)
    till.sync()
    ledger.stop()
    return till


SIGN_IN = """press staff/P03
digits 3456
press button pin-done
wait screen {screen}
"""


def entries(till):
    return [json.loads(body) for (body,) in till.rows("SELECT bytes FROM entry ORDER BY 1")]


def receipts_on_journal(till):
    numbers = [entry["receipt"] for entry in (json.loads(body) for (body,) in till.rows(
        "SELECT bytes FROM entry")) if entry["kind"] == "sale"]
    assert len(numbers) == len(set(numbers)), "a number was used twice"
    return set(numbers)


def printed_receipts(till):
    names = (os.path.basename(path) for path in glob.glob(till.path + "/receipts/*.escpos"))
    return {match.group(0) for match in (re.match(r"T01-[0-9A-Z]{3}-\d{6}", name) for name in names)
            if match}


def cart_lines(till):
    """What the open cart holds, as the next start shows it."""
    out = till.play(SIGN_IN.format(screen="sell") + "shot cart\n", check=False)
    return out


def test_kill__nothing_printed_is_lost_and_the_cart_returns(folder):
    till = shop(folder)
    till.play(SIGN_IN.format(screen="shift") + open(os.path.join(
        os.path.dirname(__file__), "scripts/open-shift.script")).read())
    codes = ["5000000000012"]
    sale = open(os.path.join(os.path.dirname(__file__), "scripts/one-sale.script")).read()
    script = folder / "selling.script"
    with open(script, "w") as file:
        file.write(SIGN_IN.format(screen="sell"))
        for _ in range(400):
            file.write(sale)
    printed_before = 0
    sold = 0
    for number in range(KILLS):
        process = subprocess.Popen([program("holdfast"), "--data", till.path, "--headless", "--script",
                                    script], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(random.uniform(0.15, 0.9))
        process.kill()
        _, problem = process.communicate()
        assert process.returncode == -9, (process.returncode, problem.decode()[-400:])
        journal = receipts_on_journal(till)
        printed = printed_receipts(till)
        assert printed <= journal, ("printed, not on the journal", printed - journal)
        if number % 20 == 19:
            verified = till.json("verify")
            assert verified["ok"], verified
        sold = len(journal)
        printed_before = len(printed)
    print(f"        {KILLS} kills, {sold} sales, {printed_before} receipts printed")
    assert sold > KILLS // 4, "the till hardly sold anything between kills"
    verified = till.json("verify")
    assert verified["ok"], verified

    till.play(SIGN_IN.format(screen="sell") + "wait printed\n")
    assert printed_receipts(till) == receipts_on_journal(till), "some receipt never came"


def test_kill__the_open_cart_returns_line_by_line(folder):
    till = shop(folder)
    till.play(SIGN_IN.format(screen="shift") + open(os.path.join(
        os.path.dirname(__file__), "scripts/open-shift.script")).read())
    script = folder / "cart.script"
    for number in range(10 if not FULL else 40):
        lines = "".join(f"scan {code}\n" for code in random.sample(CODES, 3))
        with open(script, "w") as file:
            file.write(SIGN_IN.format(screen="sell") + lines + f"shot before-{number}\n" +
                       "wait text \"this is never shown\"\n")
        process = subprocess.Popen([program("holdfast"), "--data", till.path, "--headless", "--script",
                                    script, "--shots", folder.path],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not os.path.exists(folder / f"before-{number}.png"):
            assert time.monotonic() < end and process.poll() is None, "the till ended"
            time.sleep(0.01)
        process.kill()
        process.wait()
        expected = till.rows("SELECT * FROM cart")
        assert expected, "no cart on disk"
        till.play(SIGN_IN.format(screen="sell") + "expect line/1 \"\"\n" + DISCARD)
    assert till.json("verify")["ok"]


if __name__ == "__main__":
    run(globals())
