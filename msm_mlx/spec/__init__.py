"""A spec: the markdown document that says how and why an assistant should behave."""

from msm_mlx.spec.reading import Assertion, Section, Spec, load_spec
from msm_mlx.text.variables import VARIABLES

__all__ = ["VARIABLES", "Assertion", "Section", "Spec", "load_spec"]
