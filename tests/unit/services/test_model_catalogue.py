"""The registry of models: complete, and true as far as arithmetic can tell."""

from collections import Counter

from app.services.model_catalogue import catalogue, source_of


def test_every_system_is_there_with_all_its_sizes() -> None:
    assert Counter(model.family for model in catalogue()) == {
        "siglip2": 15,
        "siglip2-naflex": 2,
        "siglip": 10,
        "clip": 4,
        "mcip": 2,
    }
    names = [model.name for model in catalogue()]
    assert len(set(names)) == len(names)


def test_only_files_that_users_supply_have_no_hub_id() -> None:
    for model in catalogue():
        assert (model.hub_id == "") == (model.family == "mcip")


def test_tokens_follow_from_the_picture_and_its_patches() -> None:
    for model in catalogue():
        assert model.tokens == (model.side // model.patch) ** 2


def test_a_download_is_as_large_as_the_parameters_and_a_tokenizer() -> None:
    for model in catalogue():
        weights = 4e6 * (model.vision_parameters + model.text_parameters)
        assert -0.01 * weights < model.download_bytes - weights < 0.01 * weights + 45e6, model.name


def test_the_work_for_a_picture_follows_from_the_vision_tower_and_the_tokens() -> None:
    """Two operations for every parameter and token; attention comes on top."""
    for model in catalogue():
        least = 2e-3 * 0.9 * model.vision_parameters * model.tokens
        assert least < model.gflop_per_image < 2 * least, model.name


def test_figures_are_percentages_with_a_source() -> None:
    for model in catalogue():
        figures = (
            model.imagenet_zero_shot,
            model.coco_text_to_image,
            model.coco_image_to_text,
            model.crossmodal_text_to_image,
            model.gpr1200_image_to_image,
        )
        assert all(30 < figure < 95 for figure in figures if figure is not None), model.name
        assert source_of(model)
