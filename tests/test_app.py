from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from captioner.app import refuse
from captioner.language import Sentences
from captioner.settings import Language
from tests.helpers.ui import undressed


def test_why_there_is_no_window_is_said_in_the_persons_language_and_the_programs_font(qapp: QApplication) -> None:
    seen = list[tuple[str, str, str]]()

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        (button,) = box.findChildren(QPushButton)
        seen.append((box.text(), button.text(), box.font().family()))
        button.click()

    with undressed(qapp):
        QTimer.singleShot(0, qapp, look)
        refuse("서비스 주소를 쓸 수 없습니다.", Sentences.load(Language.KOREAN))
    assert seen == [("서비스 주소를 쓸 수 없습니다.", "닫기", "Pretendard")]
