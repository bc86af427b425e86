"""Random trouble in virtual time, with a voice that can be heard to be one: outages, refusals, stalls, rubbish.

Together with the same on every way of sending (`tests/test_pipeline.py`, `tests/test_ways_of_sending.py`) that is more
than two hundred sequences. `Bench` checks at every step that the account balances, that there is one connection, and
that nothing grows.
"""

from __future__ import annotations

import pytest

from tests.helpers.chaos import Trouble


@pytest.mark.parametrize("seed", range(1000, 1100))
def test_whatever_goes_wrong_every_word_comes_once(seed: int) -> None:
    trouble = Trouble(seed, seconds=20, longest_outage=40, voiced=True)
    bench = trouble.bench
    bench.start()
    bench.run(1500)
    assert bench.ended, f"still going: {trouble.log}"
    assert not bench.missing() | bench.doubled(), trouble.log
    bench.check_captions()
    assert bench.summary.complete, trouble.log
    assert (bench.summary.lost, bench.pipeline.ledger.held) == (0, 0), trouble.log
    assert not bench.service.standing.keys() - bench.service.draining
