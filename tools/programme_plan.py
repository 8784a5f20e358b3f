"""The plan of a simulated programme: regions, sizes, parts, streams, and which faults go where.

Everything random follows from one seed through :class:`numpy.random.SeedSequence`: one stream for
the plan and one for each part and table, so neither the order in which parts are written nor the
number of workers changes a byte.

The codes of provinces and regencies have the form of Indonesian statistical codes (two and four
digits) but are made up: they use two-digit numbers that no province has, so that no simulated row
can be taken for one about a real place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kube_research.errors import OptionError
from kube_research.texts import text

Floats: TypeAlias = npt.NDArray[np.float64]
Wholes: TypeAlias = npt.NDArray[np.int64]

#: The planted faults and the table each goes into.
FAULTS: dict[str, str] = {
    "score_off_scale": "ratings",
    "duplicate_rating": "ratings",
    "unknown_item": "ratings",
    "unknown_group": "ratings",
    "balance_off": "ledger",
    "sign_error": "ledger",
    "person_not_in_roster": "attendance",
    "status_invalid": "attendance",
}
#: Two-digit numbers that no province has.
PROVINCES = (*range(22, 30), *range(37, 50), *range(54, 60), *range(66, 70), *range(77, 80))
#: Regencies of a national programme.
REGENCIES = 514
#: About how many ratings are drawn and written at a time.
PART_ROWS = 600_000
#: Rounding of the model's real numbers to scores; every size below is in points of the scale 1 to 4.
SPREAD = {"province": 0.10, "regency": 0.15, "group": 0.30, "rater": 0.25, "noise": 0.60}
GAIN = {"mean": 0.35, "province": 0.06, "regency": 0.10, "group": 0.30}


@dataclass(frozen=True)
class Part:
    """Some groups of one regency that are drawn and written together.

    Attributes
    ----------
    index : int
        Number of the part in the programme.
    regency : int
        Place of the regency in the plan.
    number : int
        Number of the part within the regency.
    start : int
        Number of its first group within the regency, from 0.
    first : int
        Number of its first group in the programme, from 0.
    size : int
        How many groups it has.
    """

    index: int
    regency: int
    number: int
    start: int
    first: int
    size: int


@dataclass(frozen=True)
class ProgrammePlan:
    """What a programme will be; see :func:`plan_programme`."""

    groups: int
    raters: int
    items: int
    rounds: int
    seed: int
    scale: tuple[int, int]
    attrition: float
    faults: Mapping[str, int]
    sizes: Wholes
    provinces: Wholes
    codes: tuple[str, ...]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in order of regency."""
        most = max(1, PART_ROWS // (self.raters * self.items * self.rounds))
        done: list[Part] = []
        first = 0
        for regency, size in enumerate(self.sizes.tolist()):
            for number, start in enumerate(range(0, size, most)):
                count = min(most, size - start)
                done.append(Part(len(done), regency, number, start, first + start, count))
            first += size
        return tuple(done)

    @cached_property
    def levels(self) -> dict[str, Floats]:
        """Levels by item, by regency, and the gains and leaving by regency."""
        rng = self.stream(0)
        unit = (self.scale[1] - self.scale[0]) / 3
        items = 2.45 + 0.3 * np.linspace(-1, 1, self.items)[rng.permutation(self.items)]
        items[: max(1, self.items // 10)] -= 0.55
        many = int(self.provinces.max()) + 1
        shift = {name: rng.normal(0, SPREAD[name], size) for name, size in self._sizes(many)}
        gain = {name: rng.normal(0, GAIN[name], size) for name, size in self._sizes(many)}
        leave = rng.normal(0, 0.4, many)
        of = self.provinces
        return {
            "items": self.scale[0] + (items - 1) * unit,
            "regency": (shift["province"][of] + shift["regency"]) * unit,
            "gain": (GAIN["mean"] + gain["province"][of] + gain["regency"]) * unit,
            "leave": leave[of],
        }

    def _sizes(self, many: int) -> tuple[tuple[str, int], ...]:
        return ("province", many), ("regency", len(self.sizes))

    @cached_property
    def planted(self) -> dict[str, dict[int, str]]:
        """For each table, the faulty groups (numbers in the programme) with the kind of fault."""
        rng, done = self.stream(1), {}
        for table in dict.fromkeys(FAULTS.values()):
            kinds = [k for k, of in FAULTS.items() if of == table for _ in range(self.faults[k])]
            chosen = rng.choice(self.groups, len(kinds), replace=False)
            done[table] = dict(zip(chosen.tolist(), kinds, strict=True))
        return done

    def stream(self, *key: int) -> np.random.Generator:
        """Return the generator of one purpose: the plan (one number) or a part's table (two)."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def province_code(self, regency: int) -> str:
        """Return the code of a regency's province."""
        return self.codes[regency][:2]


def plan_programme(
    *,
    groups: int = 140_000,
    raters: int = 10,
    items: int = 30,
    rounds: int = 2,
    seed: int = 2016,
    scale: tuple[int, int] = (1, 4),
    attrition: float = 0.06,
    faults: Mapping[str, int] | int | None = None,
    provinces: int | None = None,
    regencies: int | None = None,
) -> ProgrammePlan:
    """Lay out a programme: which regencies there are, how large, and where faults go.

    Parameters
    ----------
    groups, raters, items, rounds : int
        Groups, raters in each group (its members), items, rounds.
    seed : int
        Seed of everything random.
    scale : (int, int)
        Lowest and highest score.
    attrition : float
        About which share of the groups misses each round after the first, and all later ones; 0 for
        none.
    faults : mapping of str to int, or int, optional
        How many faults of each kind of :data:`FAULTS`, or of every kind. By default one of the
        first kind, two of the second and so on, and one more of each for every 2,000 groups.
    provinces, regencies : int, optional
        By default as many as fit the number of groups, up to 34 and 514.

    Returns
    -------
    ProgrammePlan

    Raises
    ------
    kube_research.errors.OptionError
        If a size is out of its range, a kind of fault is unknown, or more faults than groups are to
        go into one table (a group gets at most one fault in each table).

    Examples
    --------
    >>> plan = plan_programme(groups=400, seed=1)
    >>> len(plan.codes), int(plan.sizes.sum()), plan.faults["unknown_group"]
    (25, 400, 4)
    """
    counts = {"groups": groups, "raters": raters, "items": items, "rounds": rounds}
    for name, value in counts.items():
        _need_whole(name, value, 1)
    _need_whole("seed", seed, 0)
    low, high = scale
    if not (isinstance(low, int) and isinstance(high, int) and 0 <= low < high):
        raise OptionError(text("programme.error.scale", value=scale))
    if not 0 <= attrition < 1:
        raise OptionError(text("programme.error.attrition", value=attrition))
    many = min(REGENCIES, max(2, groups // 16), groups) if regencies is None else regencies
    _need_whole("regencies", many, 1, groups)
    few = min(len(PROVINCES), max(2, many // 4), many) if provinces is None else provinces
    _need_whole("provinces", few, 1, min(len(PROVINCES), many))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    per = _shares(many, few, rng, 0.6)
    if per.max() > 99:
        raise OptionError(text("programme.error.many", most=99, province=int(per.max())))
    of = np.repeat(np.arange(few), per)
    numbers = np.concatenate([np.arange(1, size + 1) for size in per])
    codes = tuple(f"{PROVINCES[p]}{n:02d}" for p, n in zip(of, numbers, strict=True))
    return ProgrammePlan(
        groups=groups,
        raters=raters,
        items=items,
        rounds=rounds,
        seed=seed,
        scale=(low, high),
        attrition=attrition,
        faults=_fault_counts(faults, groups),
        sizes=_shares(groups, many, rng, 0.7),
        provinces=of,
        codes=codes,
    )


def _need_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    good = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not good or int(value) < least or (most is not None and int(value) > most):  # type: ignore[call-overload]
        top = "" if most is None else f"-{most}"
        allowed = f"{least}{top or '+'}"
        raise OptionError(text("programme.error.whole", name=name, value=value, allowed=allowed))


def _shares(total: int, parts: int, rng: np.random.Generator, spread: float) -> Wholes:
    """Divide a whole number into unequal parts of at least 1 that sum to it."""
    weight = rng.lognormal(0, spread, parts)
    wish = (total - parts) * weight / weight.sum()
    done = np.floor(wish).astype(np.int64)
    rest = int(total - parts - done.sum())
    done[np.argsort(done - wish, kind="stable")[:rest]] += 1
    return np.asarray(done + 1)


def _fault_counts(faults: Mapping[str, int] | int | None, groups: int) -> dict[str, int]:
    if faults is None:
        counts = {kind: groups // 2000 + place for place, kind in enumerate(FAULTS, 1)}
        if groups < 40:
            counts = dict.fromkeys(FAULTS, int(groups >= 4))
    elif isinstance(faults, Mapping):
        unknown = [kind for kind in faults if kind not in FAULTS]
        if unknown:
            allowed = ", ".join(FAULTS)
            raise OptionError(text("programme.error.fault", value=unknown[0], allowed=allowed))
        counts = {kind: faults.get(kind, 0) for kind in FAULTS}
    else:
        counts = dict.fromkeys(FAULTS, faults)
    for kind, count in counts.items():
        _need_whole(f"faults[{kind!r}]", count, 0)
    for table in dict.fromkeys(FAULTS.values()):
        here = sum(count for kind, count in counts.items() if FAULTS[kind] == table)
        if here > groups:
            raise OptionError(
                text("programme.error.faults", table=table, count=here, groups=groups)
            )
    return {kind: int(count) for kind, count in counts.items()}
