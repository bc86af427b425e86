from __future__ import annotations

from dataclasses import replace

from captioner.compare.analysis import analyse
from captioner.compare.outcome import Way
from captioner.compare.summary import accuracy, bill, headline
from captioner.language import Sentences
from tests.compare.made_up import designed, lively

SAY = Sentences()


def test_few_utterances_of_one_recording_have_a_column_each_and_the_arithmetic_stands_below() -> None:
    table = headline(analyse(designed()), SAY)
    assert table.heads == ("Way", "1", "2", "3", "mean", "p50", "p95", "n", "no final")
    assert table.rows[0] == ("Baseline", "2,650", "2,650", "2,650", "2,650", "2,650", "2,650", "3", "0")
    assert table.rows[3][:5] == ("Streaming", "1,950", "1,950", "1,950", "1,950")
    assert table.faint[1:5] == ("2,650", "1,950", "1,950", "2,183")
    assert {len(row) for row in (*table.rows, table.faint)} == {len(table.heads)}


def test_many_utterances_have_a_summary_only() -> None:
    table = headline(analyse(replace(designed(count=9), design=None)), SAY)
    assert table.heads == ("Way", "mean", "p50", "p95", "n", "no final")
    assert table.faint == ()


def test_accuracy_is_told_where_a_reference_is() -> None:
    assert accuracy(analyse(designed()), SAY) is None
    table = accuracy(analyse(lively()), SAY)
    assert table is not None
    assert len(table.rows) == len(Way)
    assert all(cell.endswith(")") and "%" in cell for row in table.rows for cell in row[1:])


def test_the_bill_has_connections_and_tokens_of_every_way() -> None:
    analysis = analyse(lively())
    table = bill(analysis, SAY)
    for row, way in zip(table.rows, analysis.ways, strict=True):
        assert row[1] == f"{way.bill.runs} / {way.bill.due}"
        assert row[4:] == (str(way.bill.connections), str(way.bill.tokens))
