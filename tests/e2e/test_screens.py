#!/usr/bin/env python3
"""Every screen in every language, theme and size, judged by the audit: nothing clipped, nothing
overlapping, targets large enough, contrast, a key for each action, a complete focus order."""
import itertools
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from harness import FULL, Ledger, program, run, wait_until
from pictures import Display, read_png

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scripts/audit.script")
LANGUAGES = ("en", "de", "ar")
THEMES = ("light", "dark", "contrast")
SIZES = ("1024x768", "1366x768", "1920x1080", "1080x1920")


def fresh_till(folder):
    ledger = Ledger(folder).start()
    ledger.admin("load", os.path.join(os.path.dirname(SCRIPT), "../../../assets/demo"))
    till = ledger.enroll(folder)
    till.sync()
    ledger.stop()
    return till


def walk(till, folder, language, theme, size, scale):
    """One walk on a copy of the till; returns its faults."""
    name = f"{language}-{theme}-{size}-{scale}"
    path = folder / name
    shutil.copytree(till.path, path, ignore=shutil.ignore_patterns("*.sock"))
    done = subprocess.run([program("holdfast"), "--data", path, "--headless", "--script", SCRIPT,
                           "--language", language, "--theme", theme, "--size", size,
                           "--text-scale", str(scale), "--shots", folder.path], capture_output=True, text=True, timeout=300)
    shutil.rmtree(path)
    if done.returncode == 0:
        return []
    return [f"{name}: {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-8:]]


def all_walks():
    if FULL:
        yield from itertools.product(LANGUAGES, THEMES, SIZES, (100, 150))
        return
    # Each language at each size and each theme at each size; large type in each language.
    for number, (language, size) in enumerate(itertools.product(LANGUAGES, SIZES)):
        yield language, THEMES[number % 3], size, 100
    for number, (language, size) in enumerate(itertools.product(LANGUAGES, SIZES)):
        yield language, THEMES[(number + 1) % 3], size, 150


def test_screens__walk_in_every_language_theme_and_size(folder):
    till = fresh_till(folder)
    looks = list(all_walks())
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # threads only wait for their tills
        faults = sum(pool.map(lambda look: walk(till, folder, *look), looks), [])
    print(f"        {len(looks)} walks")
    assert not faults, "\n".join(faults)


def test_screens__a_whole_shift_by_keys_alone(folder):
    till = fresh_till(folder)
    script = open(os.path.join(os.path.dirname(SCRIPT), "keys.script")).read()
    till.play(script, "--shots", folder.path)


def test_screens__a_wrong_expectation_fails_with_its_line(folder):
    till = fresh_till(folder)
    done = till.play('expect screen sign-in\nexpect text "never there"\n', check=False)
    assert done.returncode == 1 and ":2:" in done.stderr, done.stderr
    done = till.play("press button no-such-button\n", check=False)
    assert done.returncode == 1 and ":1:" in done.stderr, done.stderr
    done = till.play("frobnicate\n", check=False)
    assert done.returncode == 1 and ":1:" in done.stderr, done.stderr


WINDOW_SCRIPT = """press item person/P01
digits 1234
press button pin-go
wait screen shift-open
digits 100
press pad/do
wait screen sell
press tile tile/PAN-001
scan 9520000010669
shot sell
"""
BAR = 40  # rows of the status bar: its clock goes on between two pictures


def play_copy(till, folder, name, *arguments, ending="", env=None):
    """Starts the window script on a copy of the till; returns the process and its picture."""
    path = folder / name
    shutil.copytree(till.path, path, ignore=shutil.ignore_patterns("*.sock"))
    with open(path + ".script", "w", encoding="utf-8") as file:
        file.write(WINDOW_SCRIPT + ending)
    with open(path + ".log", "wb") as log:
        process = subprocess.Popen(
            [program("holdfast"), "--data", path, "--script", path + ".script", "--shots", path,
             "--size", "1366x768", "--mute", *arguments], stdout=log, stderr=log,
            env={**os.environ, **(env or {})})
    return process, os.path.join(path, "sell.png")


def test_screens__a_window_shows_what_headless_draws(folder):
    till = fresh_till(folder)
    process, picture = play_copy(till, folder, "headless", "--headless")
    assert process.wait(120) == 0, open(folder / "headless.log").read()
    drawn = read_png(picture)
    display = Display(folder.path, 1366, 768)
    # The last line of its script waits for a screen that never comes: the window stands still.
    process, picture = play_copy(till, folder, "window", "--windowed", ending="wait screen nowhere\n",
                                 env={"DISPLAY": display.name, "SDL_VIDEODRIVER": "x11"})
    try:
        wait_until(lambda: os.path.exists(picture) or process.poll() is not None, 60, "the picture")
        assert process.poll() is None, open(folder / "window.log").read()
        wait_until(lambda: display.rows()[BAR:] == drawn[BAR:], 10,
                   "the window to show what is drawn without one")
    finally:
        process.terminate()
        process.wait()
        display.stop()


if __name__ == "__main__":
    run(globals())
