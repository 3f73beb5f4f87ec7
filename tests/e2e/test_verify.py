#!/usr/bin/env python3
"""Tampering with a journal, as one would who has the disk: each kind is found by its own name."""
import os
import shutil
import sqlite3

from harness import Ledger, Till, run, run_program


def sold_till(folder):
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


def columns(db):
    names = [row[1] for row in db.execute("PRAGMA table_info(entry)")]
    body = "bytes" if "bytes" in names else [n for n in names if n in ("body", "entry")][0]
    signature = [n for n in names if n.startswith("sig")][0]
    return names, body, signature


def test_verify__an_untouched_journal_is_whole(folder):
    till = sold_till(folder)
    result = till.json("verify")
    assert result["ok"] and result["faults"] == [] and result["entries"] == 21, result
    assert len(result["head"]) == 64 and len(result["device"]) == 32 and len(result["epoch"]) == 32


def test_verify__each_kind_of_tampering_has_its_name(folder):
    till = sold_till(folder)

    def flip(seq, at):
        def change(db):
            _, body, _ = columns(db)
            (value,) = db.execute(f"SELECT {body} FROM entry WHERE seq = ?", (seq,)).fetchone()
            raw = bytearray(value if isinstance(value, bytes) else value.encode())
            raw[at] ^= 0x01
            db.execute(f"UPDATE entry SET {body} = ? WHERE seq = ?",
                       (bytes(raw) if isinstance(value, bytes) else raw.decode(), seq))
        return change

    for seq in (1, 11, 21):
        result = tampered(till, folder, f"flip-{seq}", flip(seq, 60))
        assert [(f["kind"], f["seq"]) for f in result["faults"]] == [("altered", seq)], result

    def remove(seq):
        return lambda db: db.execute("DELETE FROM entry WHERE seq = ?", (seq,))

    for seq in (2, 11):
        result = tampered(till, folder, f"remove-{seq}", remove(seq))
        assert not result["ok"] and ("gap", seq) in [(f["kind"], f["seq"]) for f in result["faults"]], result

    def swap(db):
        names, _, _ = columns(db)
        db.execute("UPDATE entry SET seq = -1 WHERE seq = 7")
        db.execute("UPDATE entry SET seq = 7 WHERE seq = 8")
        db.execute("UPDATE entry SET seq = 8 WHERE seq = -1")

    result = tampered(till, folder, "swap", swap)
    assert not result["ok"] and {f["kind"] for f in result["faults"]} == {"order"}, result

    def foreign(db):
        _, _, signature = columns(db)
        (value,) = db.execute(f"SELECT {signature} FROM entry WHERE seq = 9").fetchone()
        (other,) = db.execute(f"SELECT {signature} FROM entry WHERE seq = 10").fetchone()
        assert value != other
        db.execute(f"UPDATE entry SET {signature} = ? WHERE seq = 9", (other,))

    result = tampered(till, folder, "foreign", foreign)
    assert [(f["kind"], f["seq"]) for f in result["faults"]] == [("signature", 9)], result


def test_verify__the_last_entry_removed_is_found_once_the_ledger_knew_it(folder):
    till = sold_till(folder)
    result = tampered(till, folder, "no-tail", lambda db: db.execute("DELETE FROM entry WHERE seq = 21"))
    assert not result["ok"] and ("gap", 21) in [(f["kind"], f["seq"]) for f in result["faults"]], result


if __name__ == "__main__":
    run(globals())
