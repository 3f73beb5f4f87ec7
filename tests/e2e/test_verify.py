#!/usr/bin/env python3
"""Tampering with a journal, as one would who has the disk: each kind is found by its own name."""
import os
import shutil
import sqlite3

from harness import Ledger, Till, run, run_program


def sold_till(folder):
    """21 entries: the opening of the epoch, and 20 sales; all known to the ledger."""
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "items.csv"
    open(path, "w").write("sku,name,price\nA,Apple,1.00\nB,Bread,2.50\n")
    ledger.admin("import", path)
    till = ledger.enroll(folder)
    till.sync()
    invoices = folder / "sales.csv"
    with open(invoices, "w") as file:
        file.write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
        for number in range(1, 21):
            file.write(f"{number},A,Apple,2,01/12/2010 08:26,1.00,,UK\n"
                       f"{number},B,Bread,1,01/12/2010 08:26,2.50,,UK\n")
    till.admin("replay", invoices)
    till.sync()
    ledger.stop()
    return till


def tampered(till, folder, name, change):
    """A copy of the till with `change(db)` done to its journal behind the triggers' back."""
    path = folder / name
    shutil.copytree(till.path, path, ignore=shutil.ignore_patterns("*.sock"))
    db = sqlite3.connect(os.path.join(path, "till.db"))
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f'DROP TRIGGER "{trigger}"')
    change(db)
    db.commit()
    db.close()
    done = run_program("holdfast-admin", "--data", path, "verify", "--json", check=False)
    import json
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["ok"] else 1)
    return result


def place(seq):
    """The key of an entry in the first epoch."""
    return 1 << 40 | seq


def test_verify__an_untouched_journal_is_whole(folder):
    till = sold_till(folder)
    result = till.json("verify")
    assert result["ok"] and result["faults"] == [] and result["entries"] == 21, result
    assert len(result["head"]) == 64 and len(result["device"]) == 32 and len(result["epoch"]) == 32


def test_verify__each_kind_of_tampering_has_its_name(folder):
    till = sold_till(folder)

    def flip(seq, at):
        def change(db):
            (value,) = db.execute("SELECT bytes FROM entry WHERE id = ?", (place(seq),)).fetchone()
            raw = bytearray(value)
            raw[at] ^= 0x01
            db.execute("UPDATE entry SET bytes = ? WHERE id = ?", (bytes(raw), place(seq)))
        return change

    for seq in (1, 11, 21):
        result = tampered(till, folder, f"flip-{seq}", flip(seq, 60))
        assert [(f["kind"], f["seq"]) for f in result["faults"]] == [("altered", seq)], result

    def remove(seq):
        return lambda db: db.execute("DELETE FROM entry WHERE id = ?", (place(seq),))

    for seq in (2, 11):
        result = tampered(till, folder, f"remove-{seq}", remove(seq))
        assert [(f["kind"], f["seq"]) for f in result["faults"]] == [("gap", seq)], result

    def swap(db):
        for old, new in ((place(7), -1), (place(8), place(7)), (-1, place(8))):
            db.execute("UPDATE entry SET id = ? WHERE id = ?", (new, old))

    result = tampered(till, folder, "swap", swap)
    assert not result["ok"] and {f["kind"] for f in result["faults"]} == {"order"}, result

    def foreign(db):
        (other,) = db.execute("SELECT signature FROM entry WHERE id = ?", (place(10),)).fetchone()
        db.execute("UPDATE entry SET signature = ? WHERE id = ?", (other, place(9)))

    result = tampered(till, folder, "foreign", foreign)
    assert [(f["kind"], f["seq"]) for f in result["faults"]] == [("signature", 9)], result


def test_verify__the_last_entry_removed_is_found_once_the_ledger_knew_it(folder):
    till = sold_till(folder)
    result = tampered(till, folder, "no-tail",
                      lambda db: db.execute("DELETE FROM entry WHERE id = ?", (place(21),)))
    assert not result["ok"] and ("gap", 21) in [(f["kind"], f["seq"]) for f in result["faults"]], result


if __name__ == "__main__":
    run(globals())
