"""CSV as RFC 4180 has it, in UTF-8 with a byte order mark.

With the mark, spreadsheets read the text as UTF-8 when the file is opened by a double click;
readers of CSV in programs skip it when told `utf-8-sig`.
"""

import csv
import io

from contracts.run import Answer
from gateway.export import values


def write(answer: Answer) -> bytes:
    """A line of headings, and one for each row. Numbers have every digit; nothing is an empty
    field; a text that a spreadsheet could read as a formula has an apostrophe before it."""
    heads = values.headings(answer.columns, answer.widgets)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        values.harmless(values.headed(heading, column))
        for heading, column in zip(heads, answer.columns, strict=True)
    )
    for row in answer.rows:
        writer.writerow(
            values.text(value)
            if values.number(value, column) is not None
            else values.harmless(values.text(value))
            for value, column in zip(row, answer.columns, strict=True)
        )
    return out.getvalue().encode("utf-8-sig")
