"""The families of dual encoders and how the towers of each are used.

The line that matters most: a SigLIP text tower pools the last position of a text that is padded to its full
length, so it gets no attention mask; CLIP pools the end-of-text token and sees nothing behind it.
"""

from dataclasses import dataclass

from app.domain.model import Scoring, Tower


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between checkpoints of one `model_type` and another's."""

    name: str  # transformers' model_type
    classes: dict[Tower, str]  # transformers' class that loads one tower only
    outputs: dict[Tower, str]  # the field of its output that is the embedding before normalisation
    dimensions: dict[Tower, str]  # the tensor whose first axis is the embedding's dimension
    padded_text: bool  # to full length, without an attention mask
    required_tensors: tuple[str, ...]
    scoring: Scoring


_POOLED = {Tower.IMAGE: "pooler_output", Tower.TEXT: "pooler_output"}
_SIGLIP_DIMENSIONS = {Tower.IMAGE: "vision_model.head.mlp.fc2.weight", Tower.TEXT: "text_model.head.weight"}
_SIGLIP_TENSORS = ("logit_scale", "logit_bias", *_SIGLIP_DIMENSIONS.values())
_CLIP_DIMENSIONS = {Tower.IMAGE: "visual_projection.weight", Tower.TEXT: "text_projection.weight"}

FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="siglip",  # SigLIP 1, and SigLIP 2 of fixed resolution
            classes={Tower.IMAGE: "SiglipVisionModel", Tower.TEXT: "SiglipTextModel"},
            outputs=_POOLED,
            dimensions=_SIGLIP_DIMENSIONS,
            padded_text=True,
            required_tensors=_SIGLIP_TENSORS,
            scoring=Scoring.SIGMOID,
        ),
        Family(
            name="siglip2",  # SigLIP 2 NaFlex
            classes={Tower.IMAGE: "Siglip2VisionModel", Tower.TEXT: "Siglip2TextModel"},
            outputs=_POOLED,
            dimensions=_SIGLIP_DIMENSIONS,
            padded_text=True,
            required_tensors=_SIGLIP_TENSORS,
            scoring=Scoring.SIGMOID,
        ),
        Family(
            name="clip",
            classes={Tower.IMAGE: "CLIPVisionModelWithProjection", Tower.TEXT: "CLIPTextModelWithProjection"},
            outputs={Tower.IMAGE: "image_embeds", Tower.TEXT: "text_embeds"},
            dimensions=_CLIP_DIMENSIONS,
            padded_text=False,
            required_tensors=("logit_scale", *_CLIP_DIMENSIONS.values()),
            scoring=Scoring.SOFTMAX,
        ),
    )
}
