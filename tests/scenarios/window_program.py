"""The window as a program under test: everything real but the service's address, told line by line on standard output.

    python -m tests.scenarios.window_program ENDPOINT [DEVICE]

Lines of JSON: {"milestone": …} as it happens, {"text": …} for every final, {"gap": …} for every gap, and {"summary": …}
at the end.
"""

import json
import sys
from dataclasses import asdict, replace

from captioner.app import run_window
from captioner.desk import Desk, Wiring
from captioner.events import FinalShown, GapShown
from captioner.settings import Settings


def main() -> None:
    told = 0

    def tell(**what: object) -> None:
        print(json.dumps(what, ensure_ascii=False), flush=True)

    def observe(desk: Desk, milestone: str) -> None:
        nonlocal told
        said = desk.said[-1].updates if desk.said else []
        for update in said[told:]:
            if isinstance(update, FinalShown):
                tell(text=update.caption.text)
            elif isinstance(update, GapShown):
                tell(gap=asdict(update))
        told = len(said)
        if milestone != "painted":
            tell(milestone=milestone)
        if milestone == "finished":
            assert desk.engine is not None
            assert desk.engine.finished is not None
            tell(summary=asdict(desk.engine.finished.summary))

    device = sys.argv[2] if len(sys.argv) > 2 else ""
    settings = replace(Settings(), endpoint=sys.argv[1], device=device, overlay=True)
    run_window(settings=settings, wiring=Wiring(observe=observe))


if __name__ == "__main__":
    main()
