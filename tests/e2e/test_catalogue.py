#!/usr/bin/env python3
"""The real catalogue: imported, brought to a new till by snapshot, and every product found."""
import csv
import json
import os
import random
import subprocess

from harness import FULL, Ledger, data_file, program, run, run_program


def real_products(folder):
    path = folder / "products.tsv"
    with open(path, "wb") as out:
        subprocess.run(["zstdcat", data_file("products.tsv.zst")], stdout=out, check=True)
    return path


def find_all(till, folder, queries):
    """One process for many queries, one a line; yields a list of results for each."""
    path = folder / "queries.txt"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(query + "\n" for query in queries)
    done = subprocess.Popen([program("holdfast-admin"), "--data", till.path, "find", "--batch", path,
                             "--json"], stdout=subprocess.PIPE)
    for line in done.stdout:
        yield json.loads(line)["results"]
    assert done.wait() == 0


def shown(name):
    """A name as the shop has it: control characters (21 real names hold some) become spaces."""
    return "".join(" " if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else c for c in name).strip()


def test_catalogue__every_real_product_reaches_a_new_till_and_is_found(folder):
    products = real_products(folder)
    ledger = Ledger(folder).start()
    ledger.add_location()
    done = ledger.json("import", products, timeout=900)
    assert (done["rows"], done["imported"], done["rejected"]) == (807872, 807872, 0), done
    till = ledger.enroll(folder)
    till.sync(timeout=900)

    with open(products, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    by_code = rows if FULL else random.sample(rows, 50_000)
    for row, results in zip(by_code, find_all(till, folder, (row["gtin"] for row in by_code)), strict=True):
        assert results and results[0]["gtin"] == row["gtin"], (row, results[:2])
        assert results[0]["name"].strip() == shown(row["name"]), (row, results[:2])
        assert results[0]["price_minor"] == int(row["price"].replace(".", "")), (row, results[:2])

    # A name that more than 50 products share can't show them all: one of that very name is enough.
    by_name = rows if FULL else random.sample(rows, 5_000)
    missed = []
    for row, results in zip(by_name, find_all(till, folder, (row["name"] for row in by_name)), strict=True):
        assert len(results) <= 50
        if not any(r["gtin"] == row["gtin"] for r in results) and \
                not (len(results) == 50 or any(r["name"].strip() == shown(row["name"]) for r in results)):
            missed.append(row)
    assert not missed, (len(missed), missed[:5])
    ledger.stop()


def test_catalogue__bad_rows_are_listed_and_the_good_ones_go_in(folder):
    path = folder / "bad.tsv"
    rows = [
        b"sku\tgtin\tname\tprice\tcategory",
        b"G1\t5000112637922\tGood one\t1.25\tPantry",
        b"B1\t5000112637923\tBad check digit\t1.00\tPantry",
        b"B2\t\tNegative\t-1.00\tPantry",
        b"B3\t\tBroken \xff\xfe text\t1.00\tPantry",
        b"B4\t05000112637922\tSame GTIN as 14 digits\t1.00\tPantry",
        b"B5\t\tNo price column",
        b"B6\t\tToo precise\t1.001234567\tPantry",
        b"\t\tNo sku and no gtin\t1.00\tPantry",
        b"B7\t\tNot a number\tabc\tPantry",
        b"G1\t\tSame sku\t1.00\tPantry",
        b"g1\t\tAnother sku by case\t2\tPantry",
    ]
    with open(path, "wb") as file:
        file.write(b"\n".join(rows) + b"\n")
    ledger = Ledger(folder).start()
    ledger.add_location()
    done = ledger.json("import", path, check=False)
    assert (done["rows"], done["imported"], done["rejected"]) == (11, 2, 9), done
    listed = open(str(path) + ".rejected.tsv", encoding="utf-8", errors="replace").read().splitlines()
    lines = [line.split("\t")[0] for line in listed if line.split("\t")[0].isdigit()]
    assert lines == ["3", "4", "5", "6", "7", "8", "9", "10", "11"], listed
    assert all(line.split("\t")[1] for line in listed), listed
    till = ledger.enroll(folder)
    till.sync()
    assert till.json("find", "5000112637922")["results"][0]["sku"] == "G1"
    assert till.json("find", "g1")["results"][0]["price_minor"] == 200
    ledger.stop()


def test_catalogue__every_bad_row_is_listed_however_many(folder):
    path = folder / "mostly-bad.csv"
    with open(path, "w") as file:
        file.write("sku,name,price\n")
        for number in range(120_000):
            file.write(f"R{number},Name {number},{'x' if number % 6 else '1.00'}\n")
    ledger = Ledger(folder).start()
    ledger.add_location()
    done = ledger.json("import", path)
    assert (done["rows"], done["imported"], done["rejected"]) == (120_000, 20_000, 100_000), done
    listed = open(str(path) + ".rejected.tsv", encoding="utf-8").read().splitlines()[1:]
    assert [int(line.split("\t")[0]) for line in listed] == \
        [number + 2 for number in range(120_000) if number % 6]
    ledger.stop()


def test_catalogue__a_missing_column_refuses_the_whole_file(folder):
    path = folder / "columns.csv"
    open(path, "w").write("sku,name\nA,Apple\n")
    ledger = Ledger(folder).start()
    ledger.add_location()
    done = ledger.admin("import", path, check=False)
    assert done.returncode == 1 and "price" in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    ledger.stop()


def test_catalogue__skus_compare_byte_for_byte(folder):
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "case.csv"
    open(path, "w").write("sku,name,price\n85123A,Upper,1.00\n85123a,Lower,2.00\n")
    assert ledger.json("import", path, "--stock", "S01=7")["imported"] == 2
    assert ledger.json("stock", "85123a")["locations"]["S01"]["available"] == 7
    till = ledger.enroll(folder)
    till.sync()
    assert till.json("find", "85123a")["results"][0]["name"] == "Lower"
    assert till.json("find", "85123A")["results"][0]["name"] == "Upper"
    ledger.stop()


def test_catalogue__shopify_csv_is_known_by_its_header(folder):
    ledger = Ledger(folder).start()
    ledger.add_location()
    path = folder / "shopify.csv"
    open(path, "w").write(
        "Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Grams,"
        "Variant Price,Variant Barcode\n"
        "scarf,Wool Scarf,Acme,Clothing,Colour,Moss,SC-1,120,38.00,\n"
        "scarf,,,,,Sand,SC-2,120,38.00,5000112637922\n")
    assert ledger.json("import", path)["imported"] == 2
    till = ledger.enroll(folder)
    till.sync()
    found = till.json("find", "5000112637922")["results"][0]
    assert found["sku"] == "SC-2" and "Wool Scarf" in found["name"], found
    ledger.stop()


if __name__ == "__main__":
    run(globals())
