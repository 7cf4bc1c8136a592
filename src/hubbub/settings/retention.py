"""The table of retention: how old things may get."""

from typing import Annotated, TypeAlias

from pydantic import Field

from hubbub.settings.table import Table

Days: TypeAlias = Annotated[float, Field(ge=0, le=36_500)]


class Retention(Table):
    """How many days things are kept; 0 keeps them until somebody deletes them.

    Nothing is deleted of people with a legal hold. Answers that belong to no chat go by `answers.kept_days`.
    """

    chats_days: Days = 0.0
    """Chats, since they were used last, with their answers."""
    documents_days: Days = 0.0
    """Documents that people added to collections of their own, since they were added."""
    audit_days: Days = 0.0
    """Lines of the audit; that they were deleted is recorded, and the rest is verified as before."""
    exports_days: Annotated[float, Field(gt=0, le=365)] = 7.0
    """Files with exports of people's things, to be fetched."""
    every_minutes: Annotated[float, Field(gt=0, le=1440)] = 60.0
    """How often it is looked for what is too old."""
