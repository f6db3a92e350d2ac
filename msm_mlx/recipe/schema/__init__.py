"""What a recipe may say."""

from msm_mlx.recipe.schema.documents import (
    READY_TOKENS,
    CheckSettings,
    CritiqueSettings,
    DocumentSettings,
    Narration,
    WriterSettings,
)
from msm_mlx.recipe.schema.recipe import (
    BAD_ROWS,
    AdapterArm,
    EvaluationSettings,
    JudgeSettings,
    Mix,
    Profile,
    ProfileName,
    RecipeFile,
    StageSettings,
)
from msm_mlx.recipe.schema.sampling import SamplingSettings
from msm_mlx.recipe.schema.training import (
    MIN_UPDATES,
    POCKET_MIN_UPDATES,
    LoraSettings,
    MidtrainSettings,
    PlainText,
    SftSettings,
    TrainSettings,
)

__all__ = [
    "BAD_ROWS",
    "MIN_UPDATES",
    "POCKET_MIN_UPDATES",
    "READY_TOKENS",
    "AdapterArm",
    "CheckSettings",
    "CritiqueSettings",
    "DocumentSettings",
    "EvaluationSettings",
    "JudgeSettings",
    "LoraSettings",
    "MidtrainSettings",
    "Mix",
    "Narration",
    "PlainText",
    "Profile",
    "ProfileName",
    "RecipeFile",
    "SamplingSettings",
    "SftSettings",
    "StageSettings",
    "TrainSettings",
    "WriterSettings",
]
