"""What this program is."""

from PySide6.QtWidgets import QWidget

from app import __version__
from app.ui.settings_parts import read_only, settings_form, wrapped


class AboutSettings(QWidget):
    """Version, licence, and what becomes of one's photos."""

    def __init__(self, settings_file: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        file = read_only(self.tr("Settings file"))
        file.setText(settings_file)
        form = settings_form(self)
        form.addRow(self.tr("Version"), wrapped("", f"Photosift {__version__}"))
        form.addRow(self.tr("Licence"), wrapped("", "Apache License 2.0"))
        form.addRow(
            self.tr("Privacy"),
            wrapped(
                "",
                self.tr(
                    "Photos and searches never leave this computer. Only a model you ask for is fetched."
                ),
            ),
        )
        form.addRow(self.tr("Appearance"), wrapped("", self.tr("Light or dark follows the system.")))
        form.addRow(self.tr("Settings"), file)
