"""The files of each benchmark, small and made by hand, whole and damaged."""

import json
from pathlib import Path

import pytest

from app.domain.evaluation import Benchmark
from app.errors import EvaluationError
from app.services.evaluation.captioned import (
    CROSSMODAL_LANGUAGES,
    read_coco,
    read_crossmodal,
    read_flickr30k,
    read_folder,
)
from app.services.evaluation.evaluate import limited
from app.services.evaluation.grouped import read_gpr1200

_SPLITS = {
    "images": [
        {
            "split": "train",
            "filename": "train.jpg",
            "filepath": "train2014",
            "sentences": [{"raw": "not this"}],
        },
        {
            "split": "test",
            "filename": "one.jpg",
            "filepath": "val2014",
            "sentences": [{"raw": "A Dog. ", "tokens": ["a", "dog"]}, {"raw": "  "}, {"raw": "One dog"}],
        },
        {"split": "test", "filename": "two.jpg", "filepath": "val2014", "sentences": [{"raw": "a cat"}]},
        {"split": "val", "filename": "val.jpg", "filepath": "val2014", "sentences": [{"raw": "nor this"}]},
    ]
}


def written(path: Path, text: str, encoding: str = "utf-8") -> str:
    path.write_text(text, encoding=encoding, newline="")
    return str(path)


def captions(benchmark: Benchmark, language: str = "") -> list[tuple[str, str]]:
    """(picture, caption) in order."""
    return [(benchmark.images[one.image].name, one.text) for one in benchmark.captions[language]]


def test_of_karpathys_splits_the_test_is_taken(tmp_path: Path) -> None:
    benchmark = read_coco(str(tmp_path), written(tmp_path / "dataset_coco.json", json.dumps(_SPLITS)))
    assert captions(benchmark) == [("one.jpg", "A Dog."), ("one.jpg", "One dog"), ("two.jpg", "a cat")]
    assert [image.path for image in benchmark.images] == [
        str(tmp_path / "one.jpg"),
        str(tmp_path / "two.jpg"),
    ]
    assert [one.name for one in benchmark.left_out] == ["one.jpg"]  # its empty caption
    assert benchmark.differs == ("2 pictures instead of 5,000", "3 captions instead of 25,010")


def test_pictures_are_found_below_the_folder_above_them(tmp_path: Path) -> None:
    (tmp_path / "val2014").mkdir()
    written(tmp_path / "val2014" / "one.jpg", "")
    benchmark = read_coco(str(tmp_path), written(tmp_path / "dataset.json", json.dumps(_SPLITS)))
    assert benchmark.images[0].path == str(tmp_path / "val2014/one.jpg")


def test_flickr30k_as_a_table(tmp_path: Path) -> None:
    rows = [
        "raw,sentids,split,filename,img_id",
        '"[""A man, a dog."", ""Two""]","[0, 1]",test,1.jpg,0',
        '"[""not this""]",[2],train,2.jpg,1',
    ]
    benchmark = read_flickr30k(str(tmp_path), written(tmp_path / "flickr.csv", "\n".join(rows)))
    assert captions(benchmark) == [("1.jpg", "A man, a dog."), ("1.jpg", "Two")]
    assert benchmark.differs[0] == "1 pictures instead of 1,000"


def test_flickr30k_as_a_token_file(tmp_path: Path) -> None:
    file = written(tmp_path / "results.token", "1.jpg#0\tA man .\r\n1.jpg#1\tA #1 dog\r\n2.jpg#0\tA cat\r\n")
    assert captions(read_flickr30k(str(tmp_path), file)) == [
        ("1.jpg", "A man ."),
        ("1.jpg", "A #1 dog"),
        ("2.jpg", "A cat"),
    ]


def test_flickr30k_as_karpathys_file(tmp_path: Path) -> None:
    benchmark = read_flickr30k(str(tmp_path), written(tmp_path / "dataset.json", json.dumps(_SPLITS)))
    assert (benchmark.name, len(benchmark.images)) == ("flickr30k", 2)


def crossmodal_line(key: str, **spoken: list[str]) -> str:
    entry = {"image/key": key, "image/locale": "en", "image/source": "flickr"}
    return json.dumps(
        entry | {language: {"caption": texts} for language, texts in spoken.items()}, ensure_ascii=False
    )


def test_crossmodal_has_captions_in_many_languages(tmp_path: Path) -> None:
    lines = [
        crossmodal_line("k1", en=["a dog", "one\u2028dog"], ja=["犬"]),
        "",
        crossmodal_line("k2", en=["a cat"]),
    ]
    file = written(tmp_path / "captions.jsonl", "\n".join(lines))
    benchmark = read_crossmodal(str(tmp_path), file)
    assert captions(benchmark, "en") == [("k1", "a dog"), ("k1", "one\u2028dog"), ("k2", "a cat")]
    assert captions(benchmark, "ja") == [("k1", "犬")]
    assert benchmark.images[0].path == str(tmp_path / "k1.jpg")
    assert benchmark.differs == ("2 pictures instead of 3,600", "2 languages instead of 36")


def test_crossmodal_in_some_languages_only(tmp_path: Path) -> None:
    file = written(tmp_path / "captions.jsonl", crossmodal_line("k1", en=["a dog"], ja=["犬"]))
    assert list(read_crossmodal(str(tmp_path), file, ("ja",)).captions) == ["ja"]
    with pytest.raises(EvaluationError, match="no captions in tlh"):
        read_crossmodal(str(tmp_path), file, ("ja", "tlh"))


def test_crossmodal_has_36_languages() -> None:
    assert len(set(CROSSMODAL_LANGUAGES)) == 36


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('image,caption\na.jpg,a dog\na.jpg,one dog\nb.jpg,"a cat, asleep"\n', "utf-8"),
        ("image;caption\r\na.jpg;a dog\r\na.jpg;one dog\r\nb.jpg;a cat, asleep\r\n", "utf-8-sig"),
        ("Caption\tIMAGE\tby\na dog\ta.jpg\tme\none dog\ta.jpg\tme\na cat, asleep\tb.jpg\tme\n\n", "utf-8"),
        ("image|caption\na.jpg|a dog\na.jpg|one dog\nb.jpg|a cat, asleep", "utf-8"),
    ],
)
def test_a_table_of_captions_in_the_forms_that_programs_write(
    tmp_path: Path, text: str, encoding: str
) -> None:
    benchmark = read_folder(str(tmp_path), written(tmp_path / "captions.csv", text, encoding))
    assert captions(benchmark) == [("a.jpg", "a dog"), ("a.jpg", "one dog"), ("b.jpg", "a cat, asleep")]
    assert benchmark.differs == ()


def test_lines_without_a_picture_or_a_caption_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path / "captions.csv", "image,caption\na.jpg,a dog\n,lost\nb.jpg\n")
    benchmark = read_folder(str(tmp_path), file)
    assert [(one.name, one.reason) for one in benchmark.left_out] == [
        ("lost", "This caption names no picture."),
        ("b.jpg", "This caption is empty."),
    ]


def test_the_group_of_gpr1200_is_in_the_name(tmp_path: Path) -> None:
    for name in ("10_1.jpg", "2_0.jpg", "10_0_x.jpg", "lonely.jpg", "notes_1.txt", "._2_0.jpg"):
        written(tmp_path / name, "")
    (tmp_path / "3_folder.jpg").mkdir()
    benchmark = read_gpr1200(str(tmp_path))
    assert [(image.name, image.group) for image in benchmark.images] == [
        ("2_0.jpg", "2"),
        ("10_0_x.jpg", "10"),
        ("10_1.jpg", "10"),
    ]
    assert [one.name for one in benchmark.left_out] == ["lonely.jpg"]
    assert benchmark.differs == ("3 pictures instead of 12,000", "2 groups instead of 1,200")


def test_a_limit_takes_the_first_pictures_with_their_captions(tmp_path: Path) -> None:
    benchmark = read_coco(str(tmp_path), written(tmp_path / "dataset.json", json.dumps(_SPLITS)))
    assert captions(limited(benchmark, 1)) == [("one.jpg", "A Dog."), ("one.jpg", "One dog")]
    assert "only the first 1 pictures were taken" in limited(benchmark, 1).differs
    assert limited(benchmark, 2) is benchmark
    assert limited(benchmark, None) is benchmark


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.json", None, "there is no such file"),
        ("cut.json", b'{"images": [', "damaged, or no JSON"),
        ("other.json", b'{"photos": []}', "is not a file of Karpathy's splits"),
        ("list.json", b"[1, 2]", "is not a file of Karpathy's splits"),
        ("empty.json", b'{"images": []}', "no picture in its test split"),
        ("captions.zip", b"PK\x05\x06" + bytes(18), "Unpack it"),
        ("latin.json", b'{"images": "caf\xe9"}', "is not UTF-8"),
        ("flickr.csv", b"name,text\n1.jpg,dog\n", "has no columns filename and raw"),
        ("raw.csv", b"filename,raw\n1.jpg,dog\n", "column raw is a JSON list"),
        ("bad.token", b"1.jpg#0\ta dog\nnonsense\n", "line 2: this is not a picture"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=said) as raised:
        read_flickr30k(str(tmp_path), str(tmp_path / name))
    assert name in str(raised.value)


@pytest.mark.parametrize("line", ["{", "[]", '{"key": 1}', '{"image/key": "k", "en": ["a dog"]}'])
def test_a_damaged_line_of_crossmodal_is_explained(tmp_path: Path, line: str) -> None:
    with pytest.raises(EvaluationError, match=r"captions\.jsonl"):
        read_crossmodal(str(tmp_path), written(tmp_path / "captions.jsonl", line))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no columns"),
        ("image,caption\n", "names no picture"),
        ("picture,caption\na,b\n", "image,caption"),
    ],
)
def test_a_table_without_what_is_needed_is_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EvaluationError, match=said):
        read_folder(str(tmp_path), written(tmp_path / "captions.csv", text))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"There is no folder .*nowhere"):
        read_gpr1200(str(tmp_path / "nowhere"))
    with pytest.raises(EvaluationError, match="holds no picture of GPR1200"):
        read_gpr1200(str(tmp_path))
