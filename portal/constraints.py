"""Database constraints that keep tenants apart."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.backends.ddl_references import Statement, Table
from django.utils.translation import gettext_lazy as _

_FOREIGN_KEY = (
    "CONSTRAINT %(name)s FOREIGN KEY (%(local)s) REFERENCES %(table)s (%(remote)s)"
    " DEFERRABLE INITIALLY DEFERRED"
)


class SameOrganization(models.BaseConstraint):
    """The row that `field` points to belongs to the same organization.

    A composite foreign key `(owner, field) -> (owner, id)`, so raw SQL cannot mix tenants either.
    The target needs a unique constraint over `(owner, id)`. A null `field` is not checked. Add it
    in a migration of its own: PostgreSQL cannot make it while the tables are being created.
    """

    default_violation_error_message = _("This belongs to another organization.")

    def __init__(self, *, field: str, name: str, owner: str = "organization") -> None:
        super().__init__(name=name)
        self.field = field
        self.owner = owner

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path = f"{self.__class__.__module__}.{self.__class__.__qualname__}"
        return path, (), {"field": self.field, "name": self.name, "owner": self.owner}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameOrganization):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.field, self.owner))

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        local, remote = model._meta.get_field(self.field), self._target(model)
        return _FOREIGN_KEY % {
            "name": quote(self.name),
            "local": f"{quote(self._column(model))}, {quote(local.column)}",
            "table": quote(remote._meta.db_table),
            "remote": f"{quote(self._column(remote))}, {quote(remote._meta.pk.column)}",
        }

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(
            "ALTER TABLE %(table)s ADD %(constraint)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            constraint=self.constraint_sql(model, schema_editor),
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=schema_editor.quote_name(self.name),
        )

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = "default",
    ) -> None:
        if exclude and self.field in exclude:
            return
        target = getattr(instance, self.field)
        if target is None:
            return
        if getattr(target, self._attname(type(target))) != getattr(instance, self._attname(model)):
            raise ValidationError({self.field: self.get_violation_error_message()})

    def _target(self, model: type[models.Model]) -> Any:
        return model._meta.get_field(self.field).related_model

    def _attname(self, model: type[models.Model]) -> str:
        return str(model._meta.get_field(self.owner).attname)  # type: ignore[union-attr]

    def _column(self, model: type[models.Model]) -> str:
        try:
            return str(model._meta.get_field(self.owner).column)  # type: ignore[union-attr]
        except FieldDoesNotExist as error:
            raise ValueError(f"{model._meta.label} has no owner field {self.owner!r}.") from error
