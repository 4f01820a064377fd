"""The style sheet: spacing, corners and focus rings that a palette cannot say."""

from typing import TYPE_CHECKING

from app.paths import resource

if TYPE_CHECKING:
    from app.ui.theme import Colours


def stylesheet(c: "Colours") -> str:
    """The whole sheet in the colours of one scheme."""
    return "\n".join((_surfaces(c), _buttons(c), _search_bar(c), _lists(c), _dialogs(c), _settings(c)))


def _surfaces(c: "Colours") -> str:
    return f"""
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; padding: 4px 6px; }}
QSplitter::handle {{ background: {c.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
#topBar {{ background: {c.window}; border-bottom: 1px solid {c.border}; }}
#queryLine {{ background: {c.window}; border-bottom: 1px solid {c.border}; }}
#searchHelp {{ background: {c.raised}; border: 1px solid {c.border}; }}
#searchHelp #example {{ color: {c.accent}; padding: 3px 6px; }}
#demoBanner {{ background: {c.sidebar}; border-bottom: 1px solid {c.border}; }}
#sidebar {{ background: {c.sidebar}; }}
#resultHeader {{ background: {c.base}; }}
#activityLine {{ background: {c.window}; border-top: 1px solid {c.border}; }}
#activityDetails {{ background: {c.raised}; border: 1px solid {c.border}; }}
#messageBar {{ background: {c.selection}; border-bottom: 1px solid {c.border}; }}
#emptyPage {{ background: {c.base}; }}
#modelCard {{ background: {c.base}; border: 1px solid {c.border}; border-radius: 10px; }}
#modelCard[rank="main"] {{ border: 2px solid {c.accent}; }}
#dropMark {{ background: {c.accent}; border: none; }}
#conflictNote {{ background: {c.selection}; border-radius: 8px; }}
#badge {{ background: {c.selection}; color: {c.text}; border-radius: 7px; padding: 2px 8px; }}
QLabel[rank="muted"] {{ color: {c.muted}; }}
QLabel[rank="warning"] {{ color: {c.warning}; }}
"""


def _buttons(c: "Colours") -> str:
    return f"""
QPushButton {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; border-radius: 7px;
    padding: 5px 14px; min-height: 20px; outline: none;
}}
QPushButton:hover {{ background: {c.hover}; }}
QPushButton:pressed {{ background: {c.border}; }}
QPushButton:disabled {{ color: {c.muted}; background: {c.window}; }}
QPushButton:focus {{ border: 2px solid {c.accent}; padding: 4px 13px; }}
QPushButton[rank="main"] {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
QPushButton[rank="main"]:disabled {{ background: {c.hover}; color: {c.muted}; border-color: {c.border}; }}
QPushButton[rank="main"]:focus {{ border-color: {c.text}; }}
QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; background: transparent; }}
QToolButton:hover {{ background: {c.hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {c.selection}; }}
QToolButton:focus {{ border: 1px solid {c.accent}; }}
QToolButton[popupMode="2"]::menu-indicator {{ image: none; }}
#sortButton {{ padding: 4px 10px; }}
#stepsButton {{ padding: 4px 7px; color: {c.muted}; }}
#addFolder {{ margin: 8px; }}
QComboBox {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; border-radius: 7px;
    padding: 5px 10px; min-height: 20px;
}}
QComboBox:hover {{ background: {c.hover}; }}
QComboBox:focus {{ border: 2px solid {c.accent}; padding: 4px 9px; }}
QComboBox:disabled {{ color: {c.muted}; background: {c.window}; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ image: url({_icon("combo-arrow")}); width: 16px; height: 16px; }}
QCheckBox {{ spacing: 8px; outline: none; }}
QCheckBox::indicator {{
    background: {c.base}; border: 1px solid {c.muted}; border-radius: 4px; width: 15px; height: 15px;
}}
QCheckBox::indicator:checked {{ background: {c.accent}; border-color: {c.accent}; image: url({_check(c)}); }}
QCheckBox::indicator:focus {{ border: 2px solid {c.accent}; width: 13px; height: 13px; }}
QCheckBox::indicator:checked:focus {{ border-color: {c.text}; }}
QCheckBox::indicator:disabled {{ background: {c.window}; border-color: {c.border}; }}
QCheckBox:disabled {{ color: {c.muted}; }}
QSlider:horizontal {{ min-height: 20px; }}
QSlider::groove:horizontal {{ background: {c.border}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {c.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {c.raised}; border: 2px solid {c.accent}; width: 11px; height: 11px; margin: -6px 0;
    border-radius: 7px;
}}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {c.accent}; }}
"""


def _check(c: "Colours") -> str:
    """The tick in the colour that is read on the accent."""
    name = "check-on-blue" if c.on_accent == "#ffffff" else "check-on-pale"
    return resource(f"icons/{name}.svg").as_posix()


def _icon(name: str) -> str:
    """A style sheet takes pictures as files only, so these are grey enough for both schemes."""
    return resource(f"icons/{name}.svg").as_posix()


def _search_bar(c: "Colours") -> str:
    return f"""
#searchField {{ background: {c.base}; border: 1px solid {c.border}; border-radius: 10px; }}
#searchField[focused="true"] {{ border: 2px solid {c.accent}; }}
#searchField QLineEdit {{ background: transparent; border: none; padding: 0 4px; }}
#chip {{ background: {c.selection}; border: 1px solid transparent; border-radius: 8px; }}
#chip:focus {{ border: 1px solid {c.accent}; }}
#suggestions {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 9px; }}
#suggestions QListView {{ background: transparent; outline: none; }}
#suggestionFooter {{ color: {c.accent}; padding: 4px 10px; }}
#asWords, #instead {{ color: {c.accent}; padding: 1px 6px; }}
#chip QToolButton {{ padding: 2px; }}
"""


def _lists(c: "Colours") -> str:
    return f"""
#sidebarTree {{ background: {c.sidebar}; border: none; outline: none; }}
QTreeView#sidebarTree::branch {{ background: {c.sidebar}; }}
QTreeView#sidebarTree::branch:has-children:closed {{ image: url({_icon("tree-closed")}); }}
QTreeView#sidebarTree::branch:has-children:open {{ image: url({_icon("tree-open")}); }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c.scroll}; border-radius: 4px; min-height: 36px; margin: 2px; }}
QScrollBar::handle:vertical:disabled {{ background: transparent; }}
QScrollBar::handle:vertical:hover {{ background: {c.muted}; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {c.scroll}; border-radius: 4px; min-width: 36px; margin: 2px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTableView {{
    background: {c.base}; border: 1px solid {c.border}; border-radius: 7px; gridline-color: {c.border};
    selection-background-color: {c.selection}; selection-color: {c.text};
}}
QTableView::item {{ padding: 0 8px; }}
QTableView::item:selected {{ background: {c.selection}; color: {c.text}; }}
QHeaderView::section {{
    background: {c.window}; color: {c.muted}; border: none; border-bottom: 1px solid {c.border};
    padding: 6px 8px;
}}
#duplicateGroups, #duplicateTiles {{
    background: {c.base}; border: 1px solid {c.border}; border-radius: 7px; outline: none; padding: 3px;
}}
#duplicateGroups::item {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; color: {c.text}; }}
#duplicateGroups::item:hover {{ background: {c.hover}; }}
#duplicateGroups::item:selected {{ background: {c.selection}; color: {c.text}; }}
#duplicateGroups::item:selected:focus {{ border-color: {c.accent}; }}
#duplicateTabs::tab {{
    color: {c.muted}; border: none; border-bottom: 2px solid transparent; padding: 6px 12px;
}}
#duplicateTabs::tab:hover {{ color: {c.text}; }}
#duplicateTabs::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
#duplicateTabs::tab:selected:focus {{ background: {c.selection}; }}
#duplicateSplit::handle {{ background: transparent; }}
QProgressBar {{ background: {c.hover}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 2px; }}
"""


def _dialogs(c: "Colours") -> str:
    return f"""
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QMenu {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 8px; padding: 5px; }}
QMenu::item {{ padding: 6px 26px 6px 14px; border-radius: 5px; color: {c.text}; }}
QMenu::item:selected {{ background: {c.selection}; }}
QMenu::item:disabled {{ color: {c.muted}; }}
QMenu::separator {{ height: 1px; background: {c.border}; margin: 5px 8px; }}
#settingsPath, #patterns {{
    background: {c.base}; border: 1px solid {c.border}; border-radius: 7px; padding: 6px 8px;
}}
#patterns:focus {{ border: 2px solid {c.accent}; padding: 5px 7px; }}
"""


def _settings(c: "Colours") -> str:
    return f"""
#settingsList {{
    background: {c.sidebar}; border: none; border-right: 1px solid {c.border}; outline: none; padding: 8px;
}}
#settingsList::item {{ padding: 8px 10px; border-radius: 6px; color: {c.text}; }}
#settingsList::item:selected {{ background: {c.selection}; color: {c.text}; }}
#settingsList::item:selected:focus {{ border: 1px solid {c.accent}; padding: 7px 9px; }}
"""
