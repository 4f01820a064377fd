"""A set so small that every measure of retrieval was worked out by hand."""

import numpy as np

# Twelve pictures are the unit vectors, so that a caption's embedding is its row of scores.
PICTURES = np.eye(12, dtype=np.float32)
CAPTIONS = np.array(
    [
        [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],  # of picture 0: first
        [0.8, 0.5, 0.8, 0.8, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],  # of 1: behind three and an equal: 5th
        [0.6, 0.6, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.0, 0.0],  # of 2: behind nine: 10th
        [0.6, 0.5, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.2, 0.0],  # of 2: and an equal: 11th
    ],
    np.float32,
)
IMAGE_OF = np.array([0, 1, 2, 2])

RANKS_OF_OWN_IMAGE = [1, 5, 10, 11]
TEXT_TO_IMAGE = {1: 1 / 4, 5: 2 / 4, 10: 3 / 4}

# Picture 0: its own is best. 1: behind one of 0.6, level with one of 0.5. 2: behind one of 0.8; its own two
# are no rivals. The others have no caption and are not asked for.
RANKS_OF_BEST_CAPTION = [1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]
IMAGE_TO_TEXT = {1: 1 / 3, 5: 3 / 3, 10: 3 / 3}

# Pictures on a circle, alike by the angle between them: a at 0, 10, 50; b at 21, 64; c at 37, alone.
_ANGLES = np.radians([0, 10, 50, 21, 64, 37])
ON_A_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1).astype(np.float32)
GROUPS = np.array([0, 0, 0, 1, 1, 2])
WITHOUT_QUERY = [
    (1 / 1 + 2 / 4) / 2,  # meets a b c a b
    (1 / 1 + 2 / 4) / 2,  # meets a b c a b
    (1 / 4 + 2 / 5) / 2,  # meets c b b a a
    1 / 5,  # meets a c a a b
    1 / 3,  # meets a c b a a
    np.nan,  # nothing belongs to it
]
WITH_QUERY = [
    (1 / 1 + 2 / 2 + 3 / 5) / 3,  # itself first, then as above
    (1 / 1 + 2 / 2 + 3 / 5) / 3,
    (1 / 1 + 2 / 5 + 3 / 6) / 3,
    (1 / 1 + 2 / 6) / 2,
    (1 / 1 + 2 / 4) / 2,
    np.nan,
]
