"""Queries that Django compiles once per process; asked again, only their values are new.

For the few that a press of Start waits for: it took Django longer to make these statements than the
database to answer them (`docs/decisions/0020-queries-compiled-once.md`). Anywhere else a query set
is right.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from portal.tenancy import acting_for, acting_now

Row = TypeVar("Row", bound=models.Model)
Value = UUID | str

_UUID_FIELD: "models.UUIDField[Any, Any]" = models.UUIDField()
# Statements of one query: there is one for each number of acting organizations.
_MOST_KEPT = 16


class CompiledQuery(Generic[Row]):
    """The rows of a query set, for values that are others each time.

    `make` is given stand-ins for the values, by name, and returns the query set. All that may
    differ from one time to the next must be among them: whatever else it takes from somewhere
    stays in the statement. The scope is looked after here. `reword` may change the text.
    """

    def __init__(
        self,
        make: Callable[..., "models.QuerySet[Row]"],
        reword: Callable[[str], str] = lambda sql: sql,
    ) -> None:
        self.make = make
        self.reword = reword
        self._statement_for = lru_cache(maxsize=_MOST_KEPT)(self._compile)

    def rows(self, **values: Value) -> list[Row]:
        """As the query set would give them now, in the scope around this, with these values.

        Raises what the query set would, and `TypeError` for a value that is no UUID and no text.
        """
        acting = acting_now()
        kinds = tuple((name, type(value)) for name, value in values.items())
        statement = self._statement_for(kinds, acting if isinstance(acting, str) else len(acting))
        if statement is None:
            return []
        organizations = () if isinstance(acting, str) else acting
        return statement.ask({**values, **_by_place(organizations)})

    def first(self, **values: Value) -> Row | None:
        """The first of the rows. All are read: it is for a query of one row at most."""
        return next(iter(self.rows(**values)), None)

    def _compile(
        self, kinds: tuple[tuple[str, type], ...], acting: str | int
    ) -> "_Statement[Row] | None":
        """None where no row can ever be found, as with no acting organization."""
        named = {name: _stand_in_for(kind) for name, kind in kinds}
        if isinstance(acting, str):
            query_set = self.make(**named)
            organizations = []
        else:
            organizations = [uuid4() for _each in range(acting)]
            with acting_for(*organizations):
                query_set = self.make(**named)
        try:
            return _Statement(query_set, named, organizations, self.reword)
        except EmptyResultSet:
            return None


@dataclass(frozen=True)
class _Blank:
    """Where a value goes among the parameters."""

    name: str


class _Statement(Generic[Row]):
    """One statement with blanks in it, and how its rows become objects."""

    def __init__(
        self,
        query_set: "models.QuerySet[Row]",
        named: dict[str, Value],
        organizations: list[UUID],
        reword: Callable[[str], str],
    ) -> None:
        self.using = query_set.db
        # One without a scope refuses to be asked, and nobody asks it anything but this.
        compiler = query_set.all().query.get_compiler(self.using)
        sql, params = compiler.as_sql()
        self.sql = reword(sql)
        # Above all which columns there are, and of which objects. A connection is a thread's own.
        self.found = {**vars(compiler), "connection": None}
        self.converters = _converters_of_any_connection(compiler)
        stand_ins = {**named, **_by_place(organizations)}
        blank_of = {self._as_param(value): _Blank(name) for name, value in stand_ins.items()}
        self.params = [blank_of.get(param, param) for param in params]
        _refuse_unless_all_filled(self.params, stand_ins, set(named))
        self.locks = (
            query_set.query.select_for_update
            and connections[self.using].features.has_select_for_update
        )

    def ask(self, values: dict[str, Value]) -> list[Row]:
        params = tuple(
            self._as_param(values[param.name]) if isinstance(param, _Blank) else param
            for param in self.params
        )
        connection = connections[self.using]
        if self.locks and connection.get_autocommit():
            # Django says so when it compiles, which here it does once only.
            raise TransactionManagementError("A lock that no transaction holds is none.")
        query_set: Any = _QuerySet(_Filled(self, params))
        return list(ModelIterable(query_set))

    def _as_param(self, value: Value) -> Any:
        """As this database is given it: SQLite has no type for a UUID."""
        if isinstance(value, UUID):
            return _UUID_FIELD.get_db_prep_value(value, connections[self.using])
        return value


class _Filled(SQLCompiler):
    """A compiler whose work is done, on the connection of this thread."""

    def __init__(self, statement: _Statement[Any], params: tuple[Any, ...]) -> None:
        vars(self).update(statement.found)
        self.connection = connections[statement.using]
        self._made = statement.sql, params
        self._converters = statement.converters

    def get_converters(self, expressions: list[Any]) -> Any:
        """How each column becomes what a field holds."""
        if self._converters is not None:
            return self._converters
        return super().get_converters(expressions)

    def as_sql(self, *_args: Any, **_options: Any) -> tuple[str, tuple[Any, ...]]:
        return self._made


class _QuerySet:
    """What a `ModelIterable` reads of a query set."""

    def __init__(self, compiler: _Filled) -> None:
        self.db = compiler.using
        self._known_related_objects: dict[Any, Any] = {}
        self._compiler = compiler

    @property
    def query(self) -> Self:
        return self

    def get_compiler(self, using: str) -> _Filled:
        return self._compiler


def _converters_of_any_connection(compiler: SQLCompiler) -> Any:
    """The fields' own; None where the connection has some too, as SQLite has, bound to itself."""
    columns = [column for column, *_rest in compiler.select[: compiler.col_count]]
    if any(compiler.connection.ops.get_db_converters(column) for column in columns):
        return None
    return compiler.get_converters(columns)


def _stand_in_for(kind: type) -> Value:
    """A value that no other part of a statement can be taken for.

    A text has all in it that a lookup might change, as LIKE escapes it: then it is not found again.
    """
    if kind is UUID:
        return uuid4()
    if kind is str:
        return f"Stand_in%\\'{uuid4().hex}"
    raise TypeError(f"No {kind.__name__} can be filled in: give a UUID or a text.")


def _by_place(organizations: Iterable[UUID]) -> dict[str, Value]:
    """Under names that no argument can have."""
    return {f"acting {place}": organization for place, organization in enumerate(organizations)}


def _refuse_unless_all_filled(
    params: list[Any], stand_ins: dict[str, Value], wanted: set[str]
) -> None:
    """Raise `ValueError` for a value that goes nowhere, or somewhere in another form as well.

    There its stand-in would stay, as nobody knows how to fill it in.
    """
    lost = wanted - {param.name for param in params if isinstance(param, _Blank)}
    rest = " ".join(str(param) for param in params if not isinstance(param, _Blank))
    rest = rest.replace("-", "").lower()
    lost |= {name for name, value in stand_ins.items() if _mark(value) in rest}
    if lost:
        raise ValueError(f"The query cannot be filled in for {', '.join(sorted(lost))}.")


def _mark(value: Value) -> str:
    """What is in every form of a stand-in, dashes apart."""
    return value.hex if isinstance(value, UUID) else value[-32:]
