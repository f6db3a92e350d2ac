"""What a file is, by its first bytes and whatever its name says, and what to do with one that holds no rows."""

from __future__ import annotations

import codecs
import re

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
HEAD = 512  # bytes that tell what a file is

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x05\x06", "a zip archive of nothing; make it again"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook; unpack it, or save it as .jsonl"),
    (b"\xd0\xcf\x11\xe0", "a file of an older Office; save it as .jsonl"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it with `zstd -d`"),
    (GZIP, "compressed by gzip twice; unpack it once with `gunzip`"),
    (b"BZh", "compressed by bzip2; unpack it with `bunzip2`"),
    (b"\xfd7zXZ", "compressed by xz; unpack it with `unxz`"),
    (b"\x5d\x00\x00", "compressed by lzma; unpack it with `unlzma`"),
    (b"\x04\x22\x4d\x18", "compressed by lz4; unpack it with `lz4 -d`"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"ARROW1", "an Arrow file; save it as .parquet"),
    (b"\xff\xff\xff\xff", "an Arrow stream; save it as .parquet"),
    (b"ORC", "an ORC file; save it as .parquet"),
    (b"Obj\x01", "an Avro file; save it as .parquet"),
    (b"SQLite format 3\x00", "a SQLite database; save its table as .jsonl"),
    (b"\x89HDF", "an HDF5 file; save its rows as .jsonl"),
    (b"\x93NUMPY", "a NumPy array; save its rows as .jsonl"),
    (b"%PDF-", "a PDF; save its text as .jsonl"),
    (b"{\\rtf", "a text with formatting (RTF); save its text as .jsonl"),
    (b"\x89PNG", "a picture (PNG), and rows are text"),
    (b"\xff\xd8\xff", "a picture (JPEG), and rows are text"),
    (b"\x80\x02", "a Python pickle; save its rows as .jsonl"),
    (b"\x80\x03", "a Python pickle; save its rows as .jsonl"),
    (b"\x80\x04", "a Python pickle; save its rows as .jsonl"),
    (b"\x80\x05", "a Python pickle; save its rows as .jsonl"),
    (b"version https://git-lfs", "a Git LFS pointer and not the data; fetch the data with `git lfs pull`"),
    (b"%YAML", "YAML, and rows are JSON; a file of settings has a name that ends with .yaml"),
)
_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(rb"\s*<[?!a-zA-Z]")
_BYTE_ORDER_MARKS = (  # UTF-32's first: UTF-16's is its beginning
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = (  # JSON begins with ASCII, so the first zeros tell the width of a character
    (re.compile(rb"[^\0]\0\0\0[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"(?:[^\0]\0){4}"), "utf-16-le"),
    (re.compile(rb"(?:\0[^\0]){4}"), "utf-16-be"),
)
_YAML = re.compile(r"(?:- )?[A-Za-z_][\w-]*:(?:\s.*)?|---.*|- .*")
_COLUMNS = re.compile(r"(\"[^\"]*\"|[A-Za-z_][\w.-]*(?: [\w.-]+)*)(?:[,;\t|](\"[^\"]*\"|[A-Za-z_][\w .-]*))+")
_CELLS = re.compile(r"[,;\t|]")
_COLUMN_NAMES = frozenset(
    "prompt completion question answer instruction input output response text messages user assistant".split()
)


def foreign_format(head: bytes) -> str | None:
    """What a file is that begins so, with a remedy, if it is known and holds no rows that can be read."""
    head = head.removeprefix(codecs.BOM_UTF8)
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return what
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it"
    if _WEB_PAGE.match(head):
        return "a web page and not the data; download the file itself"
    if _MARKUP.match(head):
        return "XML or HTML, and rows are JSON; save it as .jsonl"
    return None


def encoding_of(head: bytes) -> str:
    """The encoding of a text, by its byte-order mark or, of JSON without one, by where its zeros stand."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    return next((encoding for pattern, encoding in _WIDE if pattern.match(head)), "utf-8")


def is_csv(first_line: str, name: str) -> bool:
    """Whether a text that is no JSON is a table, by its first line or the name of its file."""
    first_line = first_line[:1000]
    cells = [cell.strip(' "').casefold() for cell in _CELLS.split(first_line)]
    has_names = len(cells) > 1 and not _COLUMN_NAMES.isdisjoint(cells)
    return has_names or _COLUMNS.fullmatch(first_line) is not None or name.lower().endswith(TABLES)


def is_plain_text(first_line: str) -> bool:
    """Whether a text that is neither JSON nor a table begins as YAML and plain texts do."""
    return _YAML.fullmatch(first_line[:1000]) is not None
