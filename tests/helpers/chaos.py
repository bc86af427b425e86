"""Random trouble for a lane: breaks, refusals, outages, stalls, delays and rubbish, the same for the same seed."""

from __future__ import annotations

from random import Random

from captioner.errors import Fault, FaultKind
from captioner.events import Closed, News, Opened, Received, Written
from captioner.pipeline import Lane
from captioner.settings import Mode, Settings
from captioner.stt.policy import KEPT_AHEAD, Connecting, Patience
from tests.helpers.lane import BUSY, DOWN, REFUSED, Bench, Conversation, FakeService, said

RUBBISH = [
    "",
    "not JSON",
    "[]",
    "null",
    '{"seq": "x"}',
    '{"seq": 1}',
    '{"seq": 7000, "start_at": 0, "alternatives": []}',
    '{"seq": 7001, "start_at": 0, "final": true, "alternatives": [{"text": ""}]}',
    said(7002, 0, "", final=True, duration_ms=10),
]


WHAT = ["drop", "close", "refuse", "outage", "token", "error", "rubbish", "late", "duplicate", "stall"]


class Trouble:
    """Makes trouble on a bench, at random moments of a conversation.

    Attributes:
        log: what was done, and when, for whoever looks into a seed.
    """

    def __init__(
        self,
        seed: int,
        *,
        seconds: float = 40.0,
        longest_outage: float = 20.0,
        mode: Mode = Mode.STREAMING,
        connecting: Connecting = KEPT_AHEAD,
        voiced: bool | None = None,
    ) -> None:
        self.random = Random(seed)
        self.longest_outage = longest_outage
        self.seconds = seconds
        self.log: list[str] = []
        conversation = Conversation.random(
            seed, seconds, voiced=mode is not Mode.STREAMING if voiced is None else voiced
        )
        service = FakeService(
            conversation,
            token=self.random.uniform(0.0, 0.5),
            connect=self.random.uniform(0.0, 0.5),
            say=self.random.uniform(0.01, 1.5),
        )
        service.first_seq = self.random.choice([0, 1, 5])
        service.jitter = lambda: self.random.choice([0.0, 0.0, 0.0, self.random.uniform(0.0, 0.8)])
        settings = Settings(mode=mode, chunk_ms=self.random.choice([20, 40, 100]))
        lane = Lane(patience=Patience(unreachable=600, service=600, tail=600), seed=seed, connecting=connecting)
        self.bench = Bench(conversation, service=service, settings=settings, lane=lane)
        for _ in range(self.random.randint(1, 8)):
            self.bench.at(self.random.uniform(0.0, seconds + 1.0), self._one)
        self.bench.play(conversation.blocks(self.random.choice([10, 20, 100])), after=self.random.uniform(0.0, 1.0))

    def _one(self) -> None:
        random, bench, service = self.random, self.bench, self.bench.service
        what = random.choice(WHAT)
        self.log.append(f"{bench.now - bench.began:.3f} {what}")
        if bench.ended:
            return
        match what:
            case "drop":
                bench.break_off()
            case "close":
                codes = [1006, 1011, 1012, 1013]
                if bench.pipeline.session.epoch not in service.draining:  # else they say that all was heard
                    codes += [1000, 1001, 4000]
                bench.break_off(random.choice(codes))
            case "refuse":
                service.refusals.extend([random.choice([BUSY, DOWN, REFUSED]) for _ in range(random.randint(1, 3))])
                bench.break_off()
            case "outage":
                service.unreachable_until = bench.now + random.uniform(0.1, self.longest_outage)
                bench.break_off()
            case "stall":
                # nothing is said; where that may be heard to be wrong, for longer than is waited for
                longest = self.longest_outage if bench.service.conversation.voiced else 5.0
                over = bench.began + self.seconds - 1.0  # after EOS nobody waits for longer than five seconds
                service.stalled_until = max(bench.now, min(over, bench.now + random.uniform(0.5, longest)))
            case "token" if service.refusals or not bench.pipeline.session.connections or not service.standing:
                pass  # a second refused token in a row would rightly end the session
            case "token":
                service.token_faults.append(DOWN)
                service.refusals.append(Fault(FaultKind.TOKEN_EXPIRED, "H0002"))
                bench.break_off()
            case "error":
                if service.standing:
                    bench.say('{"error": {"code": "E500", "msg": "oops"}}')
            case "rubbish":
                bench.say(random.choice(RUBBISH))
            case "late":
                bench.feed(random.choice(self._late()))
            case _:
                bench.at(bench.now - bench.began, lambda: bench.say(said(service.first_seq, 0, "또", final=False)))

    def _late(self) -> list[News]:
        old = max(0, self.bench.pipeline.session.epoch - 1)
        return [
            Received(old, said(99, 0, "옛말", final=True, duration_ms=900)),
            Closed(old, 1000, "late"),
            Written(old, 10**9),
            Opened(old),
        ]
