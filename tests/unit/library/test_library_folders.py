"""The watched folders and what was set for each."""

import sqlite3
from pathlib import Path

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.photo import Folder
from app.library.library import Library

RULES = FolderRules(include=("2024/",), exclude=("*.png", "Straße/caf\udce9"), videos=True)


def test_a_folder_begins_without_rules_and_keeps_those_it_is_given(library: Library) -> None:
    folder = library.folders.add("/pictures")
    assert folder.rules == NO_RULES

    library.folders.set_rules(folder.folder_id, RULES)

    assert library.folders.get(folder.folder_id) == Folder(folder.folder_id, "/pictures", RULES)
    assert library.folders.all() == (Folder(folder.folder_id, "/pictures", RULES),)


def test_a_removed_folder_comes_back_with_its_rules(library: Library) -> None:
    folder = library.folders.add("/pictures")
    library.folders.set_rules(folder.folder_id, RULES)
    library.folders.remove(folder.folder_id)

    assert library.folders.add("/pictures").rules == RULES


def test_switches_of_a_newer_version_are_passed_over(library: Library, database: Path) -> None:
    folder = library.folders.add("/pictures")
    connection = sqlite3.connect(database)
    connection.execute("""UPDATE folders SET rules = '{"exclude": ["a"], "teleport": true}'""")
    connection.commit()
    connection.close()

    assert library.folders.get(folder.folder_id) == Folder(
        folder.folder_id, "/pictures", FolderRules(exclude=("a",))
    )
