"""The line above the grid: what is shown, in which order, and how large."""

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QSlider, QToolButton, QWidget

from app.domain.query import SearchResult, SortOrder
from app.services.ranking import MOST_STEPS
from app.ui import icons, wording
from app.ui.elided_label import ElidedLabel
from app.ui.scope import Scope, ScopeKind

SMALLEST_TILE, LARGEST_TILE = 96, 512
_LEAST_COUNT = 96  # pixels; the number at the beginning can be read
_LEAST_HINT = 72
_SPACING = 4
_BETWEEN = 30 + 8 + 2 * 12 + 5 * _SPACING  # margins and gaps


class ResultHeader(QFrame):
    """Result count, sort order and tile size."""

    sort_changed = Signal(object)  # SortOrder
    sort_wanted = Signal(object)  # SortOrder: clicked, while the words ask for an order
    tile_size_changed = Signal(int)
    steps_changed = Signal(str, int)  # SearchResult.lines_key, how many more (or fewer) matches

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("resultHeader")
        self._count = ElidedLabel(mode=Qt.TextElideMode.ElideRight, keeps=_LEAST_COUNT)
        self._hint = ElidedLabel(mode=Qt.TextElideMode.ElideRight, keeps=_LEAST_HINT)
        self._hint.setProperty("rank", "muted")
        self._sort = SortOrder.RELEVANCE
        self._sortable = False
        self._typed: SortOrder | None = None
        self._orders = {
            SortOrder.RELEVANCE: self._sort_button(self.tr("Best first"), SortOrder.RELEVANCE),
            SortOrder.DATE: self._sort_button(self.tr("Newest first"), SortOrder.DATE),
            SortOrder.UNUSUAL: self._sort_button(self.tr("Unusual first"), SortOrder.UNUSUAL),
        }
        self._lines_key, self._steps = "", 0
        self._fewer = self._steps_button(self.tr("Fewer"), self.tr("Show fewer matches"), -1)
        self._more = self._steps_button(self.tr("More"), self.tr("Show more matches"), 1)
        self._slider = self._build_slider()
        self._smaller = self._size_button("tiles-small", self.tr("Smaller photos"), -32)
        self._larger = self._size_button("tiles-large", self.tr("Larger photos"), 32)
        self._lay_out()
        self.set_sortable(False)

    @property
    def sort(self) -> SortOrder:
        """The order that was chosen for queries; words may ask for another one."""
        return self._sort

    @property
    def sort_buttons(self) -> dict[SortOrder, QToolButton]:
        """One for each order; the one in force is down."""
        return self._orders

    @property
    def slider(self) -> QSlider:
        return self._slider

    @property
    def text(self) -> str:
        """The whole line as it reads."""
        return " ".join(part for part in (self._count.whole, self._hint.whole) if part)

    @property
    def steps_buttons(self) -> tuple[QToolButton, QToolButton]:
        """Fewer and more matches."""
        return self._fewer, self._more

    def show_result(self, result: SearchResult, scope: Scope, steps: int = 0) -> None:
        """Say what the grid shows; `steps` is how many more (or fewer) matches were asked for."""
        self._count.say(describe(result, scope))
        self._hint.say(result.message)
        self._lines_key, self._steps = result.lines_key, steps
        self._fewer.setEnabled(steps > -MOST_STEPS)
        self._more.setEnabled(steps < MOST_STEPS)
        self._make_room()

    def show_searching(self) -> None:
        """Say that an answer takes a while."""
        self._hint.say(self.tr("Searching…"))
        self._make_room()

    def clear(self) -> None:
        """Say nothing."""
        self._count.say("")
        self._hint.say("")
        self._make_room()

    def set_sortable(self, sortable: bool) -> None:
        """Offer the choice of order, or not: without a query the library is always by date."""
        self._sortable = sortable
        self.show_sort(self._typed)

    def show_sort(self, typed: SortOrder | None) -> None:
        """Show the order that the words ask for, None: that was chosen here."""
        self._typed = typed
        order = typed or self._sort
        for sort, button in self._orders.items():
            button.setChecked(sort is order)
            button.setVisible(self._sortable and (sort is not SortOrder.UNUSUAL or sort is order))
        self._make_room()

    def choose_sort(self, sort: SortOrder) -> None:
        """Change the order, as if its button had been clicked."""
        self._orders[sort].setChecked(True)
        if sort is not self._sort:
            self._sort = sort
            self.sort_changed.emit(sort)

    def show_tile_size(self, size: int) -> None:
        """Follow a change of size made elsewhere."""
        self._slider.blockSignals(True)
        self._slider.setValue(size)
        self._slider.blockSignals(False)

    def _sort_button(self, text: str, sort: SortOrder) -> QToolButton:
        button = QToolButton()
        button.setObjectName("sortButton")
        button.setText(text)
        button.setCheckable(True)
        button.setAccessibleName(self.tr("Sort: {order}").format(order=text))
        button.clicked.connect(lambda: self._on_sort(sort))
        return button

    def _on_sort(self, sort: SortOrder) -> None:
        """Words are heard before buttons: where they name an order, they have to change."""
        if self._typed is None:
            self.choose_sort(sort)
        elif sort is not self._typed:
            self.sort_wanted.emit(sort)

    def _steps_button(self, text: str, hint: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setObjectName("stepsButton")
        button.setText(text)
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        button.hide()
        button.clicked.connect(lambda: self._step(step))
        return button

    def _step(self, step: int) -> None:
        """At once, so that two quick clicks are two steps."""
        self._steps = max(-MOST_STEPS, min(MOST_STEPS, self._steps + step))
        self.steps_changed.emit(self._lines_key, self._steps)

    def _build_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(SMALLEST_TILE, LARGEST_TILE)
        slider.setPageStep(32)
        slider.setFixedWidth(110)
        slider.setAccessibleName(self.tr("Size of the photos"))
        slider.setToolTip(self.tr("Size of the photos"))
        slider.valueChanged.connect(self.tile_size_changed)
        return slider

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        for button in self._orders.values():
            group.addButton(button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 14, 6)
        layout.setSpacing(_SPACING)
        layout.addWidget(self._count)
        layout.addSpacing(8)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        layout.addWidget(self._fewer)
        layout.addWidget(self._more)
        layout.addSpacing(12)
        for button in self._orders.values():
            layout.addWidget(button)
        layout.addSpacing(12)
        for control in (self._smaller, self._slider, self._larger):
            layout.addWidget(control)

    def _size_button(self, icon: str, text: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setIconSize(QSize(16, 16))
        icons.set_icon(button, icon)
        button.clicked.connect(lambda: self._slider.setValue(self._slider.value() + step))
        return button

    def _make_room(self) -> None:
        """Where the line is short, those controls go that are missed least; none is squeezed."""
        sizes, steps = (self._smaller, self._larger), (self._fewer, self._more)
        sort = [button for button in self._orders.values() if not button.isHidden()]
        room = self.contentsRect().width() - _LEAST_COUNT - _BETWEEN - _width((*sort, *sizes, self._slider))
        room -= _LEAST_HINT if self._hint.whole else 0
        room -= _width(steps) if self._lines_key else 0
        for controls in ((self._slider,), sizes, steps):
            wanted = controls is not steps or bool(self._lines_key)
            for control in controls:
                control.setVisible(wanted and room >= 0)
            room += _width(controls) if wanted and room < 0 else 0

    # --- Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()


def describe(result: SearchResult, scope: Scope) -> str:
    """What a result holds, in one short phrase."""
    where = _place(scope, searched=bool(result.query.terms))
    if not result.query.terms:
        return (
            f"{where} · {wording.photo_count(result.total)}" if where else wording.photo_count(result.total)
        )
    text = _matches(result)
    return _tr("{matches} in {place}").format(matches=text, place=where) if where else text


def _matches(result: SearchResult) -> str:
    shown, weak_from, strong = len(result.photo_ids), result.weak_from, result.possible_from
    more = "+" if not result.complete else ""
    if not shown:
        return _tr("No match")
    if weak_from == 0:
        return _tr("Nothing here looks like that, {n} photos come nearest").format(n=wording.number(shown))
    if strong == shown:
        return wording.match_count(shown) if not more else _tr("{n}+ matches").format(n=wording.number(shown))
    parts = [wording.match_count(strong) if strong else _tr("No clear match")]
    if strong < weak_from:
        last = more if weak_from == shown else ""
        parts.append(_tr("{n}{more} possible").format(n=wording.number(weak_from - strong), more=last))
    if weak_from < shown:
        parts.append(_tr("{n}{more} weaker").format(n=wording.number(shown - weak_from), more=more))
    return ", ".join(parts)


def _place(scope: Scope, *, searched: bool) -> str:
    if scope.kind in (ScopeKind.FOLDER, ScopeKind.ALBUM):
        return scope.name
    if scope.kind is ScopeKind.FAVOURITES:
        return _tr("Favourites")
    if scope.kind is ScopeKind.RECENT:
        return _tr("Recently added")
    if scope.kind is ScopeKind.UNUSUAL and not searched:
        return _tr("Most unusual first")
    return ""


def _width(controls: Iterable[QWidget]) -> int:
    """What they take in the line."""
    return sum(max(control.sizeHint().width(), control.minimumWidth()) + _SPACING for control in controls)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ResultHeader", text)
