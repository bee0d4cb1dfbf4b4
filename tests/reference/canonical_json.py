#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes canonical_json.golden: what Python's json module says about nasty values.

    python3 tests/reference/canonical_json.py > tests/reference/canonical_json.golden

Three kinds of lines, tab-separated: `double` with the bits in hex, `string` with the bytes in
hex (ill-formed UTF-8 is decoded with errors="replace"), `sql` with a DuckDB expression; then the
canonical JSON. Times and decimals are str() of Python's own types.
"""

import datetime
import decimal
import json
import math
import random
import struct


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)


def doubles():
    for exponent in range(-1074, 1024):
        yield math.ldexp(1.0, exponent)
    for exponent in range(-324, 309):
        power = float(f"1e{exponent}")
        yield from (power, -power, math.nextafter(power, math.inf), math.nextafter(power, 0.0))
    yield from (0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 2.2250738585072014e-308)
    yield from (2.225073858507201e-308, 1.7976931348623157e308, 9007199254740993.0, 1e22, 1e23)
    yield from (0.1, 0.2 + 0.1, 1 / 3, 2 / 3, 123456.789, 99999999999999.9, 999999999999999.9)
    yield from (1e15, 1e15 - 0.125, 1e16, 9999999999999998.0, 0.0001, 0.00001, 12.5, -4.35)
    dice = random.Random(20240229)
    for _ in range(600):
        value = struct.unpack("<d", dice.randbytes(8))[0]
        if not math.isnan(value):
            yield value
    for _ in range(300):
        yield round(dice.uniform(-1e7, 1e7), dice.randrange(6))


def strings():
    yield from (b"", b"plain", b'"\\/\b\f\n\r\t', bytes(range(0x20)), b"\x7e\x7f\x80")
    for text in ("é", "ß€", "\u07ff\u0800\uffff\ue000", "😀\U0010ffff\U00010000", "a\u2028b\u0000c"):
        yield text.encode()
    yield from (b"\xff", b"a\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x28\xa1", b"\xf0\x9f\x98", b"\xf0\x28\x8c\xbc")
    yield from (b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xf8\x88\x80\x80\x80")
    dice = random.Random(7)
    for _ in range(300):
        yield dice.randbytes(dice.randrange(1, 12))


def sql():
    yield "['x', 'y']", ["x", "y"]
    yield "[]", []
    yield "[NULL]", [None]
    yield "[{'b': 1, 'a': 'é'}, NULL]", [{"b": 1, "a": "é"}, None]
    yield "{'b': {'y': NULL, 'Z': [[1], [], NULL]}, 'a': true}", {"b": {"y": None, "Z": [[1], [], None]}, "a": True}
    yield """{'é': 1, 'z': 2, 'Y': 3, '"': 4, '😀': 5, '￿': 6}""", {"é": 1, "z": 2, "Y": 3, '"': 4, "😀": 5, "￿": 6}
    yield "MAP {'z': [1, NULL], 'a': NULL}", [["z", [1, None]], ["a", None]]
    yield "MAP {}", []
    yield "[MAP {1: {'k': 2}}]", [[[1, {"k": 2}]]]
    yield "[1, 2, NULL]::INT[3]", [1, 2, None]
    yield "[['1.5', 'nan'], ['inf', '-0.0']]::DOUBLE[2][2]", [[1.5, math.nan], [math.inf, -0.0]]
    yield "0.1::FLOAT", struct.unpack("<f", struct.pack("<f", 0.1))[0]
    yield "[1e16::DOUBLE, 1e-5::DOUBLE]", [1e16, 1e-5]
    for name, bits, signed in (("TINYINT", 8, 1), ("SMALLINT", 16, 1), ("INTEGER", 32, 1), ("BIGINT", 64, 1),
                               ("HUGEINT", 128, 1), ("UTINYINT", 8, 0), ("USMALLINT", 16, 0),
                               ("UINTEGER", 32, 0), ("UBIGINT", 64, 0), ("UHUGEINT", 128, 0)):
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        yield f"['{low}'::{name}, '{high}'::{name}, 7::{name}, NULL]", [low, high, 7, None]
    for digits, scale, text in ((4, 2, "-0.05"), (9, 3, "12.500"), (18, 0, "-999999999999999999"),
                                (38, 10, "-1234567890123456789012345678.0000000001"), (3, 2, "0.00")):
        yield f"'{text}'::DECIMAL({digits}, {scale})", decimal.Decimal(text)
    yield "['b', 'a\"', NULL]::ENUM('a\"', 'b')[]", ["b", 'a"', None]
    yield "union_value(k := 5)", {"k": 5}
    yield "'{\"b\": 1}'::JSON", '{"b": 1}'
    yield "'\\xC3\\xA9\\xFF'::BLOB", "é\ufffd"
    yield "UUID '123e4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"
    yield "UUID 'ffffffff-ffff-ffff-ffff-ffffffffffff'", "ffffffff-ffff-ffff-ffff-ffffffffffff"
    yield from times()


def times():
    yield "DATE '2024-02-29'", datetime.date(2024, 2, 29)
    yield "DATE '0001-01-01'", datetime.date(1, 1, 1)
    yield "DATE '1899-12-31'", datetime.date(1899, 12, 31)
    yield "DATE '9999-12-31'", datetime.date(9999, 12, 31)
    yield "TIME '23:59:59.000001'", datetime.time(23, 59, 59, 1)
    yield "TIME '00:00:00'", datetime.time()
    yield "'10:11:12.5-05:30'::TIMETZ", datetime.time(10, 11, 12, 500000, zone(-330))
    yield "TIMESTAMP '2022-04-18 10:11:12.5'", datetime.datetime(2022, 4, 18, 10, 11, 12, 500000)
    yield "TIMESTAMP '1969-12-31 23:59:59.999999'", datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)
    yield "TIMESTAMP '0001-01-01 00:00:00'", datetime.datetime(1, 1, 1)
    yield "TIMESTAMP_S '1969-12-31 23:59:59'", datetime.datetime(1969, 12, 31, 23, 59, 59)
    yield "TIMESTAMP_MS '1969-12-31 23:59:59.25'", datetime.datetime(1969, 12, 31, 23, 59, 59, 250000)
    yield "TIMESTAMP_NS '2022-04-18 10:11:12.5'", datetime.datetime(2022, 4, 18, 10, 11, 12, 500000)
    yield "TIMESTAMPTZ '2022-04-18 10:11:12+02'", datetime.datetime(2022, 4, 18, 8, 11, 12, 0, zone(0))
    # Python has no types for these; the form is DuckDB's own, or Python's with more digits.
    yield "TIMESTAMP_NS '2022-04-18 10:11:12.500000001'", "2022-04-18 10:11:12.500000001"
    yield "TIMESTAMP '2022-04-18 (BC) 10:11:12'", "2022-04-18 10:11:12 (BC)"
    yield "DATE '44-03-15 (BC)'", "0044-03-15 (BC)"
    yield "[DATE 'infinity', DATE '-infinity']", ["infinity", "-infinity"]
    yield "[TIMESTAMP 'infinity', TIMESTAMP '-infinity']", ["infinity", "-infinity"]
    yield "INTERVAL '14 months 3 days 1 second'", "1 year 2 months 3 days 00:00:01"


def zone(minutes):
    return datetime.timezone(datetime.timedelta(minutes=minutes))


def main():
    for value in doubles():
        print("double", struct.pack(">d", value).hex(), canonical(value), sep="\t")
    for value in strings():
        print("string", value.hex(), canonical(value.decode(errors="replace")), sep="\t")
    for expression, value in sql():
        print("sql", expression, canonical(value), sep="\t")


main()
