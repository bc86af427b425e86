"""The report as one HTML page: no script, no other file, in the person's language, light or dark as their system is.

Every number stands with its n, its percentile and what it is anchored on; what it means is said at the end.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape, unescape
from itertools import groupby
from math import fsum
from typing import assert_never

from captioner.compare import charts
from captioner.compare.analysis import PARTS, Analysis, Row, Transcript, as_designed
from captioner.compare.matching import Match, Outcome
from captioner.compare.outcome import Recording, Way
from captioner.compare.scoring import ErrorRate, Mark, Piece, differences
from captioner.compare.style import FONT, STYLE
from captioner.compare.summary import COLUMNS
from captioner.compare.webfont import excerpt
from captioner.compare.wording import (
    ENOUGH,
    anchor_sentence,
    clock,
    definitions,
    finding,
    milliseconds,
    notices,
    outcome_name,
    pair_name,
    percent,
    recording_name,
    resampled_by,
    seconds,
    way_name,
    way_story,
)
from captioner.errors import Fault
from captioner.events import RATE
from captioner.language import Sentences
from captioner.latency.statistics import Spread, spread
from captioner.names import stage_name
from captioner.settings import Language

_OPEN = 60
"""Utterances up to which their texts are unfolded from the start."""


def page(analysis: Analysis, say: Sentences, fault: Callable[[Fault], str], font: bytes = b"") -> str:
    """Return the page; the same comparison in the same language gives the same bytes.

    Args:
        analysis: the comparison with its numbers.
        say: the person's language.
        fault: puts a fault into words.
        font: an OpenType font whose letters the page takes along, for computers that have no Hangul of their own.
    """
    sections = (
        _head(analysis, say),
        _notices(analysis, say, fault),
        _cards(analysis, say),
        _delays(analysis, say),
        _waterfalls(analysis, say),
        _distribution(analysis, say),
        _pairs(analysis, say),
        _outcomes(analysis, say),
        _accuracy(analysis, say),
        _stability(analysis, say),
        _bill(analysis, say),
        _texts(analysis, say),
        _transcripts(analysis, say),
        _definitions(analysis, say),
    )
    body = "".join(each for each in sections if each)
    language = "ko" if say.language is Language.KOREAN else "en"
    policy = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(say('From speech to text: the ways compared'))}</title>\n"
        f"<style>{_font_face(font, body)}{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _font_face(font: bytes, body: str) -> str:
    if not font:
        return ""
    data = b64encode(excerpt(font, set(unescape(body)))).decode("ascii")
    return f'@font-face {{ font-family: "{FONT}"; src: url(data:font/woff;base64,{data}); }}\n'


# ---------------------------------------------------------------- building blocks


def _section(title: str, body: str, lead: str = "") -> str:
    said = f'<p class="lead">{escape(lead)}</p>' if lead else ""
    return f"<section>\n<h2>{escape(title)}</h2>{said}\n{body}\n</section>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], classes: str = "") -> str:
    """Build a table from cells that are HTML already; the first of each row is its head."""
    first, *others = heads
    head = f'<th scope="col">{first}</th>' + "".join(f'<th scope="col" class="number">{each}</th>' for each in others)
    body = "".join(
        f'<tr><th scope="row">{name}</th>' + "".join(f'<td class="number">{cell}</td>' for cell in cells) + "</tr>\n"
        for name, *cells in rows
    )
    return (
        f'<div class="scroll"><table class="{classes}"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _way(way: Way, say: Sentences) -> str:
    return f'<span class="chip way-{way}"></span>{escape(way_name(way, say))} <code>{way}</code>'


def _p50_p95(each: Spread) -> str:
    if not each.n:
        return '<span class="none">–</span>'
    p50, p95 = milliseconds(each.p50, bound=each.p50_bound), milliseconds(each.p95, bound=each.p95_bound)
    return f"{p50} / {p95} <small>n {each.n}</small>"


# ---------------------------------------------------------------- what it is about


def _head(analysis: Analysis, say: Sentences) -> str:
    comparison = analysis.comparison
    recordings = comparison.recordings
    utterances = sum(len(each.anchors) for each in recordings)
    files = len({each.name for each in recordings})
    facts = [
        say("Recordings: {count}", count=files),
        say("Utterances: {count}", count=utterances),
        say("Repeats: {count}", count=comparison.repeats),
        say("{seconds} s of sound", seconds=seconds(sum(each.length for each in recordings) / RATE)),
    ]
    if comparison.service:
        facts.append(say("recognised by {service}", service=comparison.service))
    if comparison.started:
        facts.append(comparison.started)
    title = escape(say("From speech to text: the ways compared"))
    return f'<header>\n<h1>{title}</h1>\n<p class="facts">{escape(" · ".join(facts))}</p>\n</header>\n'


def _notices(analysis: Analysis, say: Sentences, fault: Callable[[Fault], str]) -> str:
    said = "".join(f"<li>{escape(each)}</li>" for each in notices(analysis, say, fault))
    return f'<ul class="notices">{said}</ul>\n' if said else ""


def _cards(analysis: Analysis, say: Sentences) -> str:
    cards = "".join(
        f'<li class="card way-{each.way}"><h3>{escape(way_name(each.way, say))}</h3>'
        f'<p class="big">{milliseconds(each.total.p50, bound=each.total.p50_bound)}<small> ms</small></p>'
        f"<p>p50 · n {each.total.n}</p>"
        f"<p>p95 {milliseconds(each.total.p95, bound=each.total.p95_bound)}</p>"
        f"<p>{escape(say('mean'))} {milliseconds(each.total.mean, bound=each.total.censored > 0)}</p>"
        f'<p class="faint">{escape(way_story(each.way, say))}</p></li>\n'
        for each in analysis.ways
    )
    found = "".join(f"<li>{escape(said)}</li>" for pair in analysis.pairs if (said := finding(pair, say)))
    anchors = dict.fromkeys(anchor_sentence(each, say) for each in analysis.comparison.recordings)
    lead = say("Total: from the end of speech to the final text. {anchors}", anchors=" ".join(anchors))
    return _section(say("In short"), f'<ul class="cards">\n{cards}</ul>\n<ul class="findings">{found}</ul>', lead)


# ---------------------------------------------------------------- delays


def _delays(analysis: Analysis, say: Sentences) -> str:
    body = list[str]()
    for index, recording in enumerate(analysis.comparison.recordings):
        rows = [row for row in analysis.rows if row.recording == index]
        if rows:
            body.append(f"<h3>{escape(recording_name(recording, say))}</h3>")
            body.append(f'<p class="faint">{escape(anchor_sentence(recording, say))}</p>')
            body.append(_delay_table(analysis, recording, rows, say))
    if not body:
        return ""
    lead = say(
        "Totals in milliseconds, from the last sample of each utterance's speech to its final text; a cell is the mean "
        "over the repeats."
    )
    return _section(say("Delay of each utterance"), "\n".join(body), lead)


def _delay_table(analysis: Analysis, recording: Recording, rows: Sequence[Row], say: Sentences) -> str:
    columns = recording.anchors if len(recording.anchors) <= COLUMNS else ()
    heads = [escape(say("Way"))]
    heads += [f"{number}<br><small>{clock(anchor.stop)}</small>" for number, anchor in enumerate(columns, 1)]
    heads += [escape(say("mean")), "p50", "p95", "n", escape(say("no final"))]
    table = list[list[str]]()
    for way in analysis.comparison.ways:
        mine = [row for row in rows if row.way is way]
        by_utterance = {number: list(group) for number, group in groupby(mine, key=lambda row: row.match.utterance)}
        all_rows = _spread(mine)
        cells = [_cell(by_utterance.get(number, []), say) for number in range(1, len(columns) + 1)]
        table.append(
            [
                _way(way, say),
                *cells,
                f"<strong>{milliseconds(all_rows.mean, bound=all_rows.censored > 0)}</strong>",
                milliseconds(all_rows.p50, bound=all_rows.p50_bound),
                milliseconds(all_rows.p95, bound=all_rows.p95_bound),
                str(all_rows.n),
                str(all_rows.censored),
            ]
        )
    designed = as_designed(analysis, len(recording.anchors))
    if designed:
        name = f"<em>{escape(say('All improvements, as designed (arithmetic, no run)'))}</em>"
        cells = [f"<em>{milliseconds(each)}</em>" for each in designed[: len(columns)]]
        mean = f"<em>{milliseconds(fsum(designed) / len(designed))}</em>"
        table.append([name, *cells, mean, "", "", "", ""])
    return _table(heads, table, "delays")


def _spread(rows: Sequence[Row]) -> Spread:
    return spread([row.total_ms for row in rows if not row.censored], [row.total_ms for row in rows if row.censored])


def _cell(rows: Sequence[Row], say: Sentences) -> str:
    if not rows:
        return '<span class="none">–</span>'
    bound = any(row.censored for row in rows)
    strange = dict.fromkeys(row.match.outcome for row in rows if row.match.outcome is not Outcome.FINAL)
    tags = "".join(f"<br>{_tag(outcome, say)}" for outcome in strange)
    return milliseconds(fsum(row.total_ms for row in rows) / len(rows), bound=bound) + tags


def _tag(outcome: Outcome, say: Sentences) -> str:
    return f'<span class="tag {outcome}">{escape(outcome_name(outcome, say))}</span>'


def _waterfalls(analysis: Analysis, say: Sentences) -> str:
    if not analysis.rows:
        return ""
    heads = [escape(say("Stage")), *(_way(each.way, say) for each in analysis.ways)]
    rows = [
        *(
            [escape(stage_name(stage, say)), *(_p50_p95(each.stages[stage]) for each in analysis.ways)]
            for stage in PARTS
        ),
        [f"<em>{escape(say('Own share'))}</em>", *(_p50_p95(each.own) for each in analysis.ways)],
        [
            f"<strong>{escape(stage_name('total', say))}</strong>",
            *(f"<strong>{_p50_p95(each.total)}</strong>" for each in analysis.ways),
        ],
        [escape(say("First interim")), *(_p50_p95(each.first_interim) for each in analysis.ways)],
    ]
    caption = escape(say("Each stage by itself: p50 / p95 in milliseconds, n"))
    body = (
        charts.stage_legend(say)
        + f'<div class="scroll">{charts.waterfall(analysis.ways, say)}</div>'
        + f"<h3>{caption}</h3>"
        + _table(heads, rows, "stages")
    )
    lead = say(
        "Where the time goes between the last sample of speech and the text, for the utterance at the median and at "
        "the 95th percentile of each way, in milliseconds. The stages of a bar add up to its total."
    )
    return _section(say("Stage waterfall"), body, lead)


def _distribution(analysis: Analysis, say: Sentences) -> str:
    if not analysis.rows:
        return ""
    body = (
        charts.way_legend(analysis.ways, say) + f'<div class="scroll">{charts.distribution(analysis.ways, say)}</div>'
    )
    lead = say("The share of all utterances whose final text was there within a time after the end of speech.")
    return _section(say("Distribution of the totals"), body, lead)


def _pairs(analysis: Analysis, say: Sentences) -> str:
    pairs = [(pair, each) for pair in analysis.pairs if (each := pair.difference) is not None]
    if not pairs:
        return ""
    heads = [say("Pair"), say("Median"), say("95 % interval"), "n", say("resampled by"), say("no final")]
    rows = [
        [
            escape(pair_name(pair, say)),
            f"<strong>{milliseconds(each.median, signed=True)}</strong>",
            f"{milliseconds(each.low, signed=True)} … {milliseconds(each.high, signed=True)}",
            str(each.n),
            escape(resampled_by(pair, say)),
            str(pair.censored),
        ]
        for pair, each in pairs
    ]
    lead = say(
        "For each utterance and repeat, the total of one way minus that of the other, in milliseconds: the median with "
        "its 95 % bootstrap interval."
    )
    if not all(pair.by_recording for pair, _ in pairs):
        lead += " " + say(
            "There is only one recording, so its utterances were resampled: the interval is too narrow for other calls."
        )
    if any(each.clusters < ENOUGH for _, each in pairs):
        lead += " " + say("Fewer than {enough} were resampled: the interval cannot be relied on.", enough=ENOUGH)
    chart = f'<div class="scroll">{charts.differences(analysis.pairs, say)}</div>'
    return _section(say("Paired differences"), chart + _table([escape(each) for each in heads], rows), lead)


# ---------------------------------------------------------------- texts in numbers


def _outcomes(analysis: Analysis, say: Sentences) -> str:
    if not analysis.rows:
        return ""
    heads = [say("Way"), *(outcome_name(each, say) for each in Outcome), "n", say("extra")]
    rows = [
        [
            _way(each.way, say),
            *(_count(each.outcomes[outcome], plain=outcome is Outcome.FINAL) for outcome in Outcome),
            str(each.total.n),
            _count(each.extra),
        ]
        for each in analysis.ways
    ]
    lead = say("What became of the utterances, matched by the time of their sound.")
    return _section(say("Outcomes"), _table([escape(each) for each in heads], rows), lead)


def _count(count: int, *, plain: bool = False) -> str:
    if plain:
        return str(count)
    return f'<strong class="warn">{count}</strong>' if count else '<span class="none">0</span>'


def _accuracy(analysis: Analysis, say: Sentences) -> str:
    scored = [(each.way, each.accuracy) for each in analysis.ways if each.accuracy is not None]
    if not scored:
        return ""
    heads = [say("Way"), "CER", say("CER with numbers"), "WER"]
    rows = [
        [_way(way, say), *(_error_rate(each, say) for each in (accuracy.cer, accuracy.cer_numbers, accuracy.wer))]
        for way, accuracy in scored
    ]
    lead = say(
        "Errors against the reference: substituted + deleted + inserted, of how many. CER counts syllables without "
        "spaces and punctuation, WER words."
    )
    return _section(say("Accuracy"), _table([escape(each) for each in heads], rows), lead)


def _error_rate(each: ErrorRate, say: Sentences) -> str:
    counts = f"{each.substitutions} + {each.deletions} + {each.insertions}"
    of = escape(say("{errors} of {n}", errors=counts, n=each.length))
    return f"<strong>{percent(each.rate)}</strong> <small>{of}</small>"


def _stability(analysis: Analysis, say: Sentences) -> str:
    if not any(each.stability.finals for each in analysis.ways):
        return ""
    heads = [say("Way"), say("Erasure"), "UPWR", "UPSR", say("interims"), say("finals"), say("finals with interims")]
    rows = list[list[str]]()
    for each in analysis.ways:
        stable = each.stability
        rates = ("–" if rate is None else f"{rate:.3f}" for rate in (stable.erasure, stable.upwr, stable.upsr))
        rows.append([_way(each.way, say), *rates, str(stable.interims), str(stable.finals), str(stable.with_interims)])
    lead = say(
        "How much of what was shown while speech went on was taken back: erased syllables and changed words for each "
        "one of the finals, and revisions for each final."
    )
    return _section(say("Stability of interims"), _table([escape(each) for each in heads], rows), lead)


def _bill(analysis: Analysis, say: Sentences) -> str:
    heads = [say("Way"), say("runs"), say("sound played, s"), say("sound sent, s"), say("connections"), say("tokens")]
    heads += [say("sound lost, s"), say("incomplete runs")]
    rows = [
        [
            _way(each.way, say),
            f"{bill.runs} / {bill.due}",
            seconds(bill.played),
            seconds(bill.sent),
            str(bill.connections),
            str(bill.tokens),
            seconds(bill.lost),
            _count(bill.incomplete),
        ]
        for each in analysis.ways
        for bill in (each.bill,)
    ]
    lead = say("What each way asked of the service, over all its runs.")
    return _section(say("Bill"), _table([escape(each) for each in heads], rows), lead)


# ---------------------------------------------------------------- texts


def _texts(analysis: Analysis, say: Sentences) -> str:
    shown = list[str]()
    for index, recording in enumerate(analysis.comparison.recordings):
        rows = [row for row in analysis.rows if row.recording == index]
        if rows:
            cards = "".join(_utterances(analysis, index, rows, say))
            unfolded = " open" if len(analysis.rows) <= _OPEN * len(analysis.comparison.ways) else ""
            name = escape(recording_name(recording, say))
            shown.append(f"<details{unfolded}><summary>{name}</summary>\n{cards}</details>\n")
    if not shown:
        return ""
    key = (
        f'<ul class="legend marks"><li><span class="substituted">{escape(say("substituted"))}</span></li>'
        f"<li><del>{escape(say('deleted'))}</del></li><li><ins>{escape(say('inserted'))}</ins></li>"
        f'<li><span class="notation">{escape(say("number written differently"))}</span></li></ul>'
    )
    lead = say(
        "What each way made of each utterance the first time it heard it, with its total. Differences are marked "
        "against the reference where it has times, else against the first way."
    )
    return _section(say("Texts side by side"), key + "".join(shown), lead)


def _utterances(analysis: Analysis, index: int, rows: Sequence[Row], say: Sentences) -> Iterator[str]:
    order = {way: number for number, way in enumerate(analysis.comparison.ways)}
    for number, group in groupby(rows, key=lambda row: row.match.utterance):
        firsts: dict[Way, Row] = {}
        for row in group:
            firsts.setdefault(row.way, row)
        said = analysis.said[index][number - 1]
        mine = sorted(firsts.values(), key=lambda row: order[row.way])
        anchor = mine[0].match.anchor
        lines = list[str]()
        against = said if said is not None else mine[0].match.text
        if said is not None:
            lines.append(_line(escape(say("Reference")), escape(said), "", "reference"))
        for row in mine:
            match = row.match
            plain = said is None and row is mine[0]
            text = escape(match.text) if plain else "".join(_mark(each) for each in differences(against, match.text))
            total = f"{milliseconds(row.total_ms, bound=row.censored)} ms"
            tag = "" if match.outcome is Outcome.FINAL else _tag(match.outcome, say) + " "
            name = f'<span class="chip way-{row.way}"></span>{escape(way_name(row.way, say))}'
            lines.append(_line(name, text if match.text else _missing(match, say), tag + total))
        span = f"{clock(anchor.start)} – {clock(anchor.stop)}"
        yield (
            f'<article><h4>{number} <small>{span}</small></h4><table class="texts"><tbody>\n'
            f"{''.join(lines)}</tbody></table></article>\n"
        )


def _missing(match: Match, say: Sentences) -> str:
    if match.outcome is Outcome.MERGED:
        others = ", ".join(str(each) for each in match.with_utterances)
        return f'<span class="none">{escape(say("its text stands with utterance {others}", others=others))}</span>'
    return f'<span class="none">{escape(say("no text"))}</span>'


def _mark(piece: Piece) -> str:
    text = escape(piece.text)
    match piece.mark:
        case Mark.SAME:
            return text
        case Mark.INSERTED:
            return f"<ins>{text}</ins>"
        case Mark.DELETED:
            return f"<del>{text}</del>"
        case Mark.SUBSTITUTED | Mark.NOTATION:
            return f'<span class="{piece.mark}">{text}</span>'
        case _:
            assert_never(piece.mark)


def _transcripts(analysis: Analysis, say: Sentences) -> str:
    """Whole texts against whole references, where no utterance's own reference is known."""
    shown = list[str]()
    for each in analysis.transcripts:
        if all(said is None for index in each.recordings for said in analysis.said[index]):
            shown.append(_transcript(analysis, each, say))
    if not shown:
        return ""
    lead = say(
        "The reference does not tell which of its words belong to which utterance, so the texts are compared as a "
        "whole, from the first run of each way."
    )
    return _section(say("Texts against the reference"), "".join(shown), lead)


def _transcript(analysis: Analysis, each: Transcript, say: Sentences) -> str:
    recordings = [analysis.comparison.recordings[index] for index in each.recordings]
    name = recording_name(recordings[0], say) if len(recordings) == 1 else recordings[0].name
    lines = [_line(escape(say("Reference")), escape(each.reference), "", "reference")]
    for way, text in each.texts.items():
        marked = "".join(_mark(piece) for piece in differences(each.reference, text))
        rate = each.accuracies[way].cer.rate
        label = f'<span class="chip way-{way}"></span>{escape(way_name(way, say))}'
        lines.append(_line(label, marked, f"CER {percent(rate)}"))
    table = f'<table class="texts"><tbody>\n{"".join(lines)}</tbody></table>'
    return f"<details open><summary>{escape(name)}</summary>\n<article>{table}</article></details>\n"


def _line(name: str, text: str, figures: str, classes: str = "") -> str:
    return f'<tr class="{classes}"><th scope="row">{name}</th><td>{text}</td><td class="number">{figures}</td></tr>\n'


def _definitions(analysis: Analysis, say: Sentences) -> str:
    items = "".join(
        f"<div><dt>{escape(each.term)}</dt><dd>{escape(each.meaning)}</dd></div>\n"
        for each in definitions(analysis, say)
    )
    return _section(say("How each number is defined"), f"<dl>\n{items}</dl>")
