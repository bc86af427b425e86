"""A window with the demo's sample call, told line by line on standard output; somebody kills it, and starts it again.

    python -m tests.scenarios.crash_program [SCREENSHOT]

Lines of JSON: {"text": …} for every final that the lane gave, {"offer": …} for what is offered after a crash, and
{"found": …} for every line of the captions that its view shows; a picture of the window is made then.
"""

import json
import sys

from PySide6.QtCore import QTimer

from captioner.app import run_window
from captioner.desk import Demo, Desk, Wiring
from captioner.events import FinalShown
from captioner.settings import Language, Settings
from captioner.ui.bars import RecoveryOffer
from captioner.ui.recovered import RecoveredCaptions


def tell(**what: object) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)


def main() -> None:
    told = 0
    offered = ""
    timer: QTimer | None = None

    def look(desk: Desk) -> None:
        nonlocal told, offered
        said = desk.said[-1].updates if desk.said else []
        for update in said[told:]:
            if isinstance(update, FinalShown):
                tell(text=update.caption.text)
        told = len(said)
        (offer,) = desk.window.findChildren(RecoveryOffer)
        if offer.isVisible() and not offered:
            offered = offer.text
            tell(offer=offered)
            offer.view_requested.emit()
        for shown in desk.window.findChildren(RecoveredCaptions):
            lines = [line for line in shown.captions.toPlainText().split("\n") if line]
            if not lines:
                continue  # they are shown at the end of a turn
            for line in lines:
                tell(found=line)
            for name, widget in (("window", desk.window), ("view", shown)):
                if len(sys.argv) > 1:
                    widget.grab().save(f"{sys.argv[1]}-{name}.png")
            shown.close()

    def observe(desk: Desk, milestone: str) -> None:
        nonlocal timer
        if milestone == "shown":
            timer = QTimer(desk.window)
            timer.timeout.connect(lambda: look(desk))
            timer.start(200)

    run_window(settings=Settings(ui_language=Language.KOREAN), demo=Demo(), wiring=Wiring(observe=observe))


if __name__ == "__main__":
    main()
