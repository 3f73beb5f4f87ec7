#!/usr/bin/env python3
"""The demo that packaging/run plays: the scripted day, its pictures, receipts and figures."""
import glob
import os
import re
import subprocess

from harness import BIN, ROOT, run


def test_demo__the_scripted_day_adds_up(folder):
    demo = folder / "demo"
    done = subprocess.run([os.path.join(ROOT, "packaging/demo"), "1"], capture_output=True, text=True,
                          env={**os.environ, "HOLDFAST_DEMO": demo,
                               "HOLDFAST_BIN": os.path.relpath(BIN, ROOT)}, timeout=300)
    assert done.returncode == 0, done.stdout[-800:] + done.stderr[-800:]
    summary = open(demo + "/summary.txt").read()
    assert "whole" in summary, summary
    entries = int(re.search(r"(\d+) entries, head", summary).group(1))
    assert f"{entries} entries" in summary.split("totals:")[1], "till and ledger disagree"
    for picture in ("04-sell", "05-tender", "06-change", "15-z-report"):
        assert os.path.getsize(f"{demo}/shots/{picture}.png") > 5000, picture
    receipts = glob.glob(demo + "/T01/receipts/*-0*.png")
    assert len(receipts) >= 11, receipts


if __name__ == "__main__":
    run(globals())
