"""What every table of settings is made of."""

from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Seconds: TypeAlias = Annotated[float, Field(gt=0)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Price: TypeAlias = Annotated[Decimal, Field(ge=0, decimal_places=4, max_digits=12)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Secret: TypeAlias = Annotated[SecretStr, Field(min_length=1)]


class Table(BaseModel):
    """A table of settings: frozen, and closed to keys that it does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
