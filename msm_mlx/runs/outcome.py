"""What a training changed, as a run's record has it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TrainingOutcome(BaseModel):
    """The loss of a few rows with the adapter as it started and as it ended, and what is wrong with the training.

    Losses are in nats a token, means over the rows.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    updates: int
    """Those that were made."""
    rows: int
    """How many were measured."""
    held_out: bool
    """Whether the rows were held out; else they are the first that were learned."""
    before: float = 0.0
    after: float = 0.0
    standard_error: float = 0.0
    """Of the difference, over rows."""
    plain_share: float = 0.0
    """Part of the tokens learned that was plain text among documents."""
    problems: tuple[str, ...] = ()
    """Sentences; none if the training did what it is for."""

    @property
    def measured(self) -> str:
        """What was measured."""
        return f"{self.rows} {'held-out rows' if self.held_out else 'rows that it learned'}"

    @property
    def text(self) -> str:
        """The two losses."""
        return f"loss of {self.measured} {self.before:.4g} before, {self.after:.4g} after"
