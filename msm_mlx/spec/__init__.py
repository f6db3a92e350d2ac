"""A spec: the markdown document that says how and why an assistant should behave."""

from msm_mlx.spec.reading import VARIABLES, Assertion, Section, Spec, load_spec

__all__ = ["VARIABLES", "Assertion", "Section", "Spec", "load_spec"]
