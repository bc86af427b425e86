"""A frozen program that opens a page: python -m tests.ui.link_program FOLDER URL

It believes that it lies in FOLDER, prints whether the page was opened, and then its own environment as JSON.
"""

import json
import os
import sys

from PySide6.QtGui import QGuiApplication

from captioner.ui.new_version import open_link

if __name__ == "__main__":
    sys._MEIPASS = sys.argv[1]  # type: ignore[attr-defined]
    app = QGuiApplication([])
    print(open_link(sys.argv[2]))
    print(json.dumps(dict(os.environ)))
