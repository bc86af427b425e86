"""What a person reads: every state, fault, loss and figure as a sentence in their language.

Values in, words out: no widget, no clock. The window and the terminal say the same.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import assert_never

from captioner.errors import Fault, FaultKind
from captioner.events import RATE, GapShown, LossReason, Phase, Status, Summary
from captioner.language import Sentences
from captioner.latency.statistics import Distribution, StageTable
from captioner.names import mode_name, stage_name
from captioner.places import FileProblem
from captioner.policy import PolicyProblem
from captioner.settings import Mode, SettingError, Settings, option_of

NO_SIGNAL = 1.9
"""Seconds without any signal from the source after which that is said: a quiet room gives one, a dead line does not."""

MACOS = sys.platform == "darwin"
"""Whether silence may be all that a program gets that may not use the microphone."""

_BEHIND = 1.0  # seconds: less is no news
_FLOOR = -60.0  # dBFS: the meter's lower end
_DETAIL = 200  # characters of what a service says that are worth a line


class Tone(StrEnum):
    """How good a state is, for its colour."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    IDLE = "idle"


class Icon(StrEnum):
    """The state's sign, because colour alone says nothing to some."""

    READY = "ready"
    CONNECTING = "connecting"
    LISTENING = "listening"
    CATCHING_UP = "catching-up"
    RECONNECTING = "reconnecting"
    MUTED = "muted"
    NO_SIGNAL = "no-signal"
    FINISHING = "finishing"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class ViewState:
    """A lane as the window's bars show it.

    Attributes:
        headline: the state in a few words.
        elapsed: "00:12:31".
        detail: what is wrong, what the program does about it, what the person can do; empty where all is well.
        mode: the mode's name.
        banner: says that the recogniser is an emulator; empty where it is not.
        foot: the account so far.
        meter: 0 to 1, from -60 to 0 dBFS.
        no_signal: the source has been dead silent for too long.
        lossy: something was lost, the foot needs a colour.
    """

    tone: Tone
    icon: Icon
    headline: str
    elapsed: str
    detail: str
    mode: str
    banner: str
    foot: str
    meter: float
    no_signal: bool
    speech: bool
    lossy: bool
    muted: bool
    can_start: bool
    can_stop: bool
    can_stop_now: bool
    can_mute: bool


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """A stage's line in the latency table.

    Attributes:
        stage: its name in `STAGES`.
        name: its name for people.
        last, p50, p95, max, n: formatted, milliseconds without their unit; "–" where there is no value.
        last_ms: of the last utterance, for the bar.
    """

    stage: str
    name: str
    last: str
    p50: str
    p95: str
    max: str
    n: str
    last_ms: float | None


def view_state(
    status: Status | None,
    *,
    source: str,
    settings: Settings,
    demo: bool,
    say: Sentences,
    latency: Distribution | None = None,
    macos: bool = MACOS,
) -> ViewState:
    """Say how a lane is.

    Args:
        status: None before anything was started.
        source: the sound source's name for people.
        settings: those in use.
        demo: the service is the emulator.
        say: the person's language.
        latency: the finals' totals so far.
        macos: this computer is a Mac.
    """
    tone, icon, headline = _headline(status, source, settings, say)
    running = status is not None and status.phase in (Phase.CONNECTING, Phase.LIVE, Phase.RECONNECTING)
    finishing = status is not None and (
        status.phase is Phase.DRAINING or (running and (status.finishing or status.drain_left is not None))
    )
    return ViewState(
        tone=tone,
        icon=icon,
        headline=headline,
        elapsed=duration(status.elapsed if status else 0.0),
        detail=_detail(status, icon, settings, say, macos=macos) if status else "",
        mode=mode_name(settings.mode, say),
        banner=say("Demo: an emulator on this computer plays the recogniser.") if demo else "",
        foot=_foot(status, latency, say) if status else "",
        meter=_meter(status.level) if running and status else 0.0,
        no_signal=icon is Icon.NO_SIGNAL,
        speech=running and status is not None and status.speech,
        lossy=status is not None and _lost_by_now(status) > 0,
        muted=status is not None and status.muted,
        can_start=status is None or status.phase is Phase.STOPPED,
        can_stop=running and not finishing,
        can_stop_now=finishing,
        can_mute=running and not finishing,
    )


def _headline(status: Status | None, source: str, settings: Settings, say: Sentences) -> tuple[Tone, Icon, str]:
    if status is None:
        return Tone.IDLE, Icon.READY, say("Ready")
    behind = f"{status.behind:.1f}"
    match status.phase:
        case Phase.CONNECTING:
            tone = Tone.WARN if status.fault else Tone.BUSY
            if status.drain_left is not None:
                left = math.ceil(status.drain_left)
                words = say("Finishing · connecting for the last words ({seconds} s)", seconds=left)
                return tone, Icon.CONNECTING, words
            if _full(status, settings):
                tone, words = Tone.BAD, say("Connecting · {seconds} s behind, sound is being lost", seconds=behind)
            elif status.behind >= _BEHIND:
                words = say("Connecting · {seconds} s kept", seconds=behind)
            else:
                words = say("Connecting")
            return tone, Icon.CONNECTING, _and_muted(words, status, say)
        case Phase.RECONNECTING:
            if status.drain_left is not None:
                left = math.ceil(status.drain_left)
                words = say("Finishing · reconnecting for the last words ({seconds} s)", seconds=left)
                return Tone.WARN, Icon.RECONNECTING, words
            if _full(status, settings):
                words = say("Reconnecting · {seconds} s behind, sound is being lost", seconds=behind)
                return Tone.BAD, Icon.RECONNECTING, _and_muted(words, status, say)
            words = say("Reconnecting · {seconds} s behind, will catch up", seconds=behind)
            return Tone.WARN, Icon.RECONNECTING, _and_muted(words, status, say)
        case Phase.LIVE if status.finishing:
            if status.behind < _BEHIND:
                return Tone.BUSY, Icon.FINISHING, say("Finishing")
            return Tone.BUSY, Icon.FINISHING, say("Finishing · {seconds} s still to be sent", seconds=behind)
        case Phase.LIVE:
            if status.source_fault and status.away >= 1:
                words = say("No sound from {source} for {seconds} s", source=source, seconds=round(status.away))
                return Tone.BAD, Icon.NO_SIGNAL, words
            if status.source_fault or _silent(status):
                # a headset that cuts its noise off is silent in every long pause: that alone is no fault
                tone = Tone.BAD if status.source_fault or status.never_heard else Tone.WARN
                return tone, Icon.NO_SIGNAL, say("No sound from {source}", source=source)
            if status.fault and status.fault.kind is FaultKind.SPEECHLESS:
                return Tone.WARN, Icon.CATCHING_UP, _and_muted(say("Listening · no text comes"), status, say)
            if status.behind >= _BEHIND:
                words = say("Listening · {seconds} s behind, catching up", seconds=behind)
                return Tone.BUSY, Icon.CATCHING_UP, _and_muted(words, status, say)
            if status.muted:
                return Tone.WARN, Icon.MUTED, say("Muted")
            if status.clipping:
                return Tone.WARN, Icon.LISTENING, say("Listening · too loud")
            return Tone.GOOD, Icon.LISTENING, say("Listening")
        case Phase.DRAINING:
            if status.drain_left is None:
                return Tone.BUSY, Icon.FINISHING, say("Finishing")
            left = max(0, math.ceil(status.drain_left))
            return Tone.BUSY, Icon.FINISHING, say("Finishing ({seconds} s)", seconds=left)
        case Phase.STOPPED:
            lost = status.lost + status.held  # nothing is waited for any more
            if lost:
                return Tone.BAD, Icon.INCOMPLETE, say("Stopped · {seconds} s lost", seconds=_lost(lost))
            if status.fault:
                return Tone.BAD, Icon.INCOMPLETE, say("Stopped · incomplete")
            return Tone.IDLE, Icon.COMPLETE, say("Stopped · complete")
        case _:
            assert_never(status.phase)


def _and_muted(words: str, status: Status, say: Sentences) -> str:
    return say("{state} · muted", state=words) if status.muted else words


def _silent(status: Status) -> bool:
    """Whether the source delivers sound that is none."""
    return status.quiet_for >= NO_SIGNAL and not status.muted


def _detail(status: Status, icon: Icon, settings: Settings, say: Sentences, *, macos: bool) -> str:
    sentences = [fault_sentence(status.fault, say)] if status.fault else []
    if status.source_fault:
        sentences.append(waiting_sentence(status.source_fault, say))
    match status.phase:
        case Phase.CONNECTING | Phase.RECONNECTING | Phase.DRAINING:
            if status.retry_in is not None:
                sentences.append(say("Trying again in {seconds} s.", seconds=max(1, math.ceil(status.retry_in))))
            elif status.fault is not None and status.phase is not Phase.DRAINING:
                # of the countdown's length: the captions below stay in their place
                sentences.append(say("Trying again right now."))
            if status.phase is Phase.DRAINING:
                sentences.append(say("Waiting for the last words."))
            elif _full(status, settings):
                sentences.append(say("What was said more than {seconds} s ago is lost.", seconds=settings.hold))
            elif status.drain_left is not None:
                pass  # nothing is said any more
            elif (status.fault or status.phase is Phase.RECONNECTING) and not status.source_fault:
                sentences.append(say("What is said meanwhile is kept, up to {seconds} s.", seconds=settings.hold))
        case Phase.LIVE if status.finishing:
            sentences.append(say("Waiting for the last words."))
        case Phase.LIVE:
            if icon is Icon.NO_SIGNAL and not status.source_fault:
                sentences.append(silence_sentence(say, macos=macos and status.never_heard))
            elif status.muted:
                sentences.append(say("Silence is sent in place of what is heard."))
            elif status.clipping:
                sentences.append(say("The sound is cut off, and words may be misheard. Turn the microphone down."))
            if status.pending_settings:
                sentences.append(say("The new settings apply at the next pause."))
        case Phase.STOPPED:
            pass
        case _:
            assert_never(status.phase)
    return " ".join(sentences)


def _full(status: Status, settings: Settings) -> bool:
    """Whether as much sound is held as can be, so that the next second costs the oldest one."""
    return status.held >= (settings.hold - 1) * RATE


def _lost_by_now(status: Status) -> int:
    """Samples lost, with those that a source that is away is not giving."""
    return status.lost + round(status.away * RATE)


def _foot(status: Status, latency: Distribution | None, say: Sentences) -> str:
    parts = [_account(status, say)]
    if status.connections == 1:
        parts.append(say("1 connection"))
    else:
        parts.append(say("{count} connections", count=status.connections))
    if status.overflows:
        parts.append(say("Driver overflows: {count}", count=status.overflows))
    if latency is not None and latency.p95 is not None:
        parts.append(say("p95 {ms} ms (n {n})", ms=_ms(latency.p95), n=latency.n))
    return " · ".join(parts)


def _account(status: Status, say: Sentences) -> str:
    """Say what became of every second, so that the tenths that are read add up as well."""
    tenth = RATE // 10
    lost = math.ceil(_lost_by_now(status) / tenth)
    held = min(math.ceil(status.held / tenth), max(0, math.ceil(_heard_by_now(status) / tenth) - lost))
    heard = max(math.ceil(_heard_by_now(status) / tenth), lost + held)
    return say(
        "Lost {lost} s + recognised {recognised} s + held {held} s = {heard} s",
        lost=f"{lost / 10:.1f}",
        recognised=f"{(heard - lost - held) / 10:.1f}",
        held=f"{held / 10:.1f}",
        heard=f"{heard / 10:.1f}",
    )


def _heard_by_now(status: Status) -> int:
    """Samples that there should be, with those that a source that is away is not giving."""
    return status.captured + round(status.away * RATE)


def _meter(level: float) -> float:
    return min(1.0, max(0.0, 1 - level / _FLOOR))


# ---------------------------------------------------------------- faults and settings


def fault_sentence(fault: Fault, say: Sentences) -> str:
    """Say in one line what happened and what to do about it, with what the service or the system said in brackets."""
    sentence = _fault(fault.kind, say)
    detail = _in_words(" ".join(fault.detail.split()), say)
    if len(detail) > _DETAIL:
        detail = detail[: _DETAIL - 1] + "…"
    return f"{sentence} ({detail})" if detail else sentence


def _in_words(detail: str, say: Sentences) -> str:
    """Translate what this program says of a fault itself; what the service or the system says stays as it is."""
    host = detail.removeprefix("no such host: ")
    if host != detail:
        return say("no such host: {host}", host=host)
    ours = {
        "connection refused": say("connection refused"),
        "timed out": say("timed out"),
        "closed without an answer": say("closed without an answer"),
        "no answer": say("no answer"),
        "no answer to a ping": say("no answer to a ping"),
        "no Close after EOS": say("no Close after EOS"),
        "no valid HTTP": say("no valid HTTP"),
        "no valid TLS": say("no valid TLS"),
    }
    return ours.get(detail, detail)


def _fault(kind: FaultKind, say: Sentences) -> str:
    match kind:
        case FaultKind.UNREACHABLE:
            return say("The service cannot be reached. Check the network, the proxy and the endpoint.")
        case FaultKind.CERTIFICATE:
            return say(
                "The service's certificate cannot be verified. Check this computer's clock; in a company network, "
                "set its own certificate authority in the settings."
            )
        case FaultKind.PROXY:
            return say("The proxy does not let the connection through. Check the proxy's address in the settings.")
        case FaultKind.NOT_THE_SERVICE:
            return say(
                "Something else than the service answered. Check the endpoint, or log in to this network in a browser."
            )
        case FaultKind.BROKEN:
            return say("The connection to the service broke. Check the network if it happens again.")
        case FaultKind.SPEECHLESS:
            return say("The service hears us, but gives no text. What is said is kept, and sent again.")
        case FaultKind.CREDENTIALS_MISSING:
            return say(
                "The RTZR keys are missing. Enter them in the window, or set RTZR_CLIENT_ID and RTZR_CLIENT_SECRET."
            )
        case FaultKind.CREDENTIALS_REFUSED:
            return say("The service refused the RTZR keys. Check the client id and the secret.")
        case FaultKind.DESK_KEY_MISSING:
            return say(
                "This computer's desk key is missing. Enter it in the window, or set CAPTIONER_DESK_KEY; your "
                "company's administrators hand it out."
            )
        case FaultKind.DESK_KEY_REFUSED:
            return say(
                "Your company's token service does not know this desk key. Ask your administrators for another one."
            )
        case FaultKind.TOKEN_SERVICE:
            return say(
                "Your company's token service has no token at the moment. Try again later; if it stays so, tell your "
                "administrators."
            )
        case FaultKind.DESK_TOKEN_REFUSED:
            return say(
                "The service refused the token from your company's token service. Tell your administrators: its RTZR "
                "keys are to be checked."
            )
        case FaultKind.TOKEN_EXPIRED:
            return say("The service refused the access token. Start again; if it stays so, check the RTZR keys.")
        case FaultKind.BAD_REQUEST:
            return say("The service refused the recognition settings. Check the model, the language and the keywords.")
        case FaultKind.QUOTA:
            return say("The RTZR account's quota is used up. Raise it in the RTZR console, or wait for its renewal.")
        case FaultKind.BUSY:
            return say("The RTZR account has too many streams open. Close another one, or try again later.")
        case FaultKind.SERVICE_DOWN:
            return say("The service is not working at the moment. Try again later.")
        case FaultKind.SERVICE_ERROR:
            return say("The service reported an error. Try again; if it stays so, tell the service's support.")
        case FaultKind.NO_PORTAUDIO:
            return say(
                "The PortAudio library, which hears microphones, is not installed. "
                "Install it (Debian and Ubuntu: apt install libportaudio2), or use a file."
            )
        case FaultKind.NO_DEVICE:
            return say("No microphone was found. Plug one in, and try again.")
        case FaultKind.DEVICE_BUSY:
            return say("Another program is using the microphone. Close that program, or choose another microphone.")
        case FaultKind.DEVICE_DENIED:
            return say(
                "The system does not allow the use of the microphone. Allow it in the system's privacy settings."
            )
        case FaultKind.DEVICE_LOST:
            return say("The microphone was disconnected. Plug it in again, or choose another one.")
        case FaultKind.DEVICE_STALLED:
            return say(
                "The microphone delivers no sound any more. Unplug it and plug it in again, or choose another one."
            )
        case FaultKind.DEVICE_FAILED:
            return say("The microphone does not work. Plug it in again, or choose another one.")
        case FaultKind.FILE_MISSING:
            return say("The file does not exist. Check its name.")
        case FaultKind.FILE_UNREADABLE:
            return say("The file cannot be read. Check its permissions, and that it is not a folder.")
        case FaultKind.FILE_NOT_SOUND:
            return say("The file is no sound that can be read. Use a WAV or FLAC file.")
        case FaultKind.FILE_EMPTY:
            return say("The file holds no sound. Use another one.")
        case FaultKind.FILE_FORMAT:
            return say("The file's format is not supported. Use 8 to 192 kHz and 1 to 8 channels.")
        case FaultKind.FILE_CUT:
            return say("The file ends before its header says so. What it holds was recognised; get the whole file.")
        case FaultKind.NO_SUCH_CHANNEL:
            return say("The source does not have that channel. Count from 1, or leave the channel out.")
        case FaultKind.FILE_UNWRITABLE:
            return say("The file cannot be written. Check the folder's permissions, and the space on the disk.")
        case FaultKind.FILE_FULL:
            return say("The file has become as long as it may be. Stop and start for a new one.")
        case FaultKind.DISK_SLOW:
            return say("The disk does not keep up. Close what else is using it, or choose another disk.")
        case FaultKind.NO_KEYRING:
            return say("This computer has no keyring, or it is locked. Set one up, or unlock it.")
        case _:
            assert_never(kind)


def waiting_sentence(fault: Fault, say: Sentences) -> str:
    """Say why a source gives no sound for now, while it is being had back."""
    if fault.kind is FaultKind.NO_DEVICE:
        why = say("The microphone was not found. Plug it in, or choose another one.")
    else:
        why = fault_sentence(fault, say)
    return f"{why} {say('Captions go on by themselves as soon as it is back.')}"


def silence_sentence(say: Sentences, *, macos: bool) -> str:
    """Say what to do about a source that gives nothing but silence.

    Args:
        say: the person's language.
        macos: this computer is a Mac, and there has been nothing else since it was opened.
    """
    if macos:
        return say(
            "macOS gives silence to a program that may not use the microphone. Allow it in System Settings, Privacy & "
            "Security, Microphone, then start the program again."
        )
    return say("Check that it is plugged in, switched on and not muted, or choose another one.")


def recording_sentence(name: str, fault: Fault, say: Sentences) -> str:
    """Say that a recording is not whole, while captions went on."""
    return say("{name}: the recording ended early. {reason}", name=name, reason=fault_sentence(fault, say))


def setting_sentence(error: SettingError, say: Sentences) -> str:
    """Say why a value cannot be used, to somebody who sees which setting it is."""
    return say(error.sentence, **error.values)


def named_setting_sentence(error: SettingError, say: Sentences) -> str:
    """Say which setting cannot be used, and why."""
    label = next(option_of(each).label for each in fields(Settings) if each.name == error.name)
    return say("{setting}: {reason}", setting=say(label), reason=setting_sentence(error, say))


def policy_sentence(problem: PolicyProblem, say: Sentences) -> str:
    """Say that nothing is captioned until the company's policy can be read."""
    reason = setting_sentence(problem.reason, say)
    if problem.reason.name:
        reason = say("{setting}: {reason}", setting=problem.reason.name, reason=reason)
    return say(
        "Your company's policy {path} cannot be used, so nothing is captioned until it is mended. {reason}",
        path=problem.path,
        reason=reason,
    )


def stored_sentence(problem: FileProblem | SettingError, say: Sentences) -> str:
    """Say what is wrong with the stored settings."""
    if isinstance(problem, SettingError):
        return say("{reason} The default is used.", reason=named_setting_sentence(problem, say))
    return say(problem.sentence, **problem.values)


# ---------------------------------------------------------------- losses and the end


def gap_sentence(gap: GapShown, say: Sentences) -> str:
    """Say how much sound is missing at this place, and why."""
    return say("⚠ {seconds} s missing: {reason}", seconds=_lost(gap.stop - gap.start), reason=_reason(gap.reason, say))


def _reason(reason: LossReason, say: Sentences) -> str:
    match reason:
        case LossReason.OUTAGE:
            return say("no connection for too long")
        case LossReason.OVERFLOW:
            return say("this computer was too busy")
        case LossReason.DEVICE:
            return say("no audio device")
        case LossReason.SLEEP:
            return say("this computer was asleep")
        case LossReason.UNFINISHED:
            return say("the service did not finish")
        case LossReason.STOPPED:
            return say("stopped early")
        case _:
            assert_never(reason)


def outcome_sentence(summary: Summary, say: Sentences) -> str:
    """Say whether everything that was heard was recognised."""
    heard = f"{summary.captured / RATE:.1f}"
    if summary.complete:
        return say("Complete: all {seconds} s of sound were recognised.", seconds=heard)
    if summary.lost:
        lost = _lost(summary.lost)
        heard = max(lost, heard, key=float)  # a rounded loss is never more than all there was
        return say("Incomplete: {lost} s of {seconds} s of sound were lost.", lost=lost, seconds=heard)
    return say("Incomplete: it ended early, after {seconds} s of sound.", seconds=heard)


# ---------------------------------------------------------------- figures


def latency_rows(table: StageTable, say: Sentences) -> tuple[LatencyRow, ...]:
    """Return the latency table's lines, in the order in which sound passes the stages, the total last."""
    return tuple(
        LatencyRow(
            stage=stage,
            name=stage_name(stage, say),
            last=_ms(table.last[stage]),
            p50=_ms(each.p50),
            p95=_ms(each.p95),
            max=_ms(each.max),
            n=str(each.n),
            last_ms=table.last[stage],
        )
        for stage, each in table.table().items()
    )


def recognition_note(round_trip: float | None, settings: Settings, say: Sentences) -> str:
    """Say what of the recognition stage is the network's, and what is waiting for the end of the utterance.

    Args:
        round_trip: of the newest ping on this lane's connections, seconds; None where none has come back.
        settings: of the lane.
        say: the person's language.
    """
    parts = [] if round_trip is None else [say("network {ms} ms (ping)", ms=_ms(1000 * round_trip))]
    match settings.mode:
        case Mode.STREAMING:
            parts.append(say("end-pointing {ms} ms", ms=_ms(1000 * settings.epd)))
        case Mode.STREAMING_FINALIZE:
            parts.append(say("end-pointing {ms} ms", ms=_ms(1000 * settings.hangover)))
        case Mode.SILENCE_WAIT:
            pass  # that wait is a stage of its own
        case _:
            assert_never(settings.mode)
    return say("Recognition includes: {parts}", parts=" · ".join(parts)) if parts else ""


def duration(seconds: float) -> str:
    """Format a time span as hours, minutes and whole seconds: "00:12:31"."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _ms(value: float | None) -> str:
    """Format milliseconds: whole ones, with a decimal where they are few."""
    if value is None:
        return "–"
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:.0f}"


def _lost(samples: int) -> str:
    """Format lost samples as seconds, rounded up: a loss is never shown as none."""
    return f"{math.ceil(samples / (RATE // 10)) / 10:.1f}"
