"""A lane in virtual time against the emulator's own service: real sound, known words, the delays of a profile."""

from __future__ import annotations

import heapq
import itertools
import json
import math
from collections.abc import Iterable
from functools import cache

import numpy as np

from captioner.emulator import service as emulator
from captioner.emulator.listening import Recording
from captioner.emulator.profiles import Profile
from captioner.emulator.script import Script, Word
from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    FinalShown,
    Finished,
    GetToken,
    News,
    Open,
    Opened,
    Received,
    SourceEnded,
    Tick,
    TokenGranted,
    Update,
    Write,
    Written,
)
from captioner.pipeline import Lane, Pipeline
from captioner.settings import Settings
from tests.emulator.speech import Sound, sample_call, sample_words, seconds
from tests.helpers.lane import block


@cache
def three_utterances(pause: float = 4.0) -> tuple[Sound, Recording]:
    """Three utterances of one speaker of the sample call, `pause` seconds of silence before, between and after."""
    call = sample_call(RATE, 1)
    mine = [word for word in sample_words() if word.channel == 1]
    groups = [mine[0:6], mine[6:12], mine[12:19]]
    sound, words = np.zeros(0), list[Word]()
    for group in groups:
        sound = np.concatenate([sound, np.zeros(round(pause * RATE))])
        shift = len(sound) / RATE - group[0].start
        words += [Word(each.text, each.start + shift, each.stop + shift, 1) for each in group]
        sound = np.concatenate([sound, seconds(call, group[0].start, group[-1].stop)])
    sound = np.concatenate([sound, np.zeros(round(pause * RATE))])
    return sound, Recording(sound.astype(np.float32)[:, None], RATE, Script(tuple(words)))


class EmulatedLane:
    """One lane and its service; `run` plays the sound at the pace of speech.

    Attributes:
        updates: all that came, in order.
        service: for its log.
    """

    def __init__(self, sound: Sound, recording: Recording, profile: Profile, settings: Settings, lane: Lane) -> None:
        self.pipeline = Pipeline(settings, lane)
        self.service = emulator.Service(profile, recording)
        self.updates: list[Update] = []
        self.now = 0.0
        self._token = ""
        self._sessions: dict[int, emulator.Session] = {}
        self._events: list[tuple[float, int, News]] = []
        self._order = itertools.count()
        samples = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
        for at in range(0, len(samples), RATE // 50):
            each = block(at, samples[at : at + RATE // 50])
            self._at(each.arrived, each)
        self._at(len(samples) / RATE, SourceEnded())

    @property
    def finals(self) -> list[FinalShown]:
        return [each for each in self.updates if isinstance(each, FinalShown)]

    @property
    def finish(self) -> Finished:
        (finished,) = [each for each in self.updates if isinstance(each, Finished)]
        return finished

    def run(self) -> None:
        """Let time pass until nothing happens any more."""
        self._take(self.pipeline.start(self.now))
        while True:
            dues = {epoch: each.deadline for epoch, each in self._sessions.items() if each.deadline is not None}
            first = self._events[0][0] if self._events else math.inf
            due = min([first, self.pipeline.deadline, *dues.values()])
            if due == math.inf or self.pipeline.finished:
                return
            self.now = max(self.now, due)
            for epoch in [epoch for epoch, at in dues.items() if at <= self.now]:
                self._hear(epoch)
            if self._events and self._events[0][0] <= self.now:
                self._take(self.pipeline.feed(heapq.heappop(self._events)[2], self.now))
            elif self.pipeline.deadline <= self.now:
                self._take(self.pipeline.feed(Tick(), self.now))

    def _at(self, at: float, news: News) -> None:
        heapq.heappush(self._events, (at, next(self._order), news))

    def _hear(self, epoch: int) -> None:
        for action in self._sessions[epoch].due(self.now):
            match action:
                case emulator.Send(text):
                    self._at(self.now, Received(epoch, text))
                case emulator.Close(code, reason):
                    self._at(self.now, Closed(epoch, code, reason))
                case emulator.Drop():
                    self._at(self.now, Closed(epoch, None, "dropped"))

    def _take(self, outcomes: Iterable[Action | Update]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, GetToken | Open | Write | Close):
                self._perform(outcome)
            else:
                self.updates.append(outcome)

    def _perform(self, action: Action) -> None:
        match action:
            case GetToken():
                self._get_token(fresh=action.fresh)
            case Open(epoch, query):
                opened = self.service.open(f"{emulator.STREAM_PATH}?{query}", f"Bearer {self._token}", self.now)
                assert isinstance(opened, emulator.Session), opened
                self._sessions[epoch] = opened
                opened.begin(self.now + opened.delay)
                self._at(self.now + opened.delay, Opened(epoch))
            case Write(epoch, data, stop):
                if isinstance(data, bytes):
                    self._sessions[epoch].hear(data, self.now)
                else:
                    self._sessions[epoch].command(data, self.now)
                self._at(self.now, Written(epoch, stop))
            case Close(epoch):
                self._sessions[epoch].leave(1000, self.now)
                self._at(self.now, Closed(epoch, 1000, ""))

    def _get_token(self, *, fresh: bool) -> None:
        if self._token and not fresh:
            self._at(self.now, TokenGranted(self.service.profile.token_lifetime, requested=False))
            return
        reply = self.service.authenticate({"client_id": "id", "client_secret": "secret"}, self.now, self.now)
        assert reply.status == 200, json.dumps(dict(reply.body))
        self._token = str(reply.body["access_token"])
        self._at(self.now + reply.delay, TokenGranted(self.service.profile.token_lifetime, requested=True))
