"""A check of all boxes of a set at once: do their numbers mean what the format takes them for?"""

from collections.abc import Sequence

from seigan_tf.data.annotations.boxes import ROUNDING, is_fraction

FEWEST = 5  # boxes from which a set shows a trend
BAD_SHARE = 0.02  # share of boxes that annotators get wrong in a usable set
SLOPE = 0.25
"""Far edges grow with near edges, by 0.5 to 1 on average; sizes do not: the farther an object from the origin, the less
room it has. In between lies the limit."""


class BoxReadings:
    """Counts for all boxes of a set in which of three ways their numbers can be read.

    "Sizes" are left, top, width and height, "corners" left, top, right and bottom, all in pixels; "fractions" either.
    """

    def __init__(self) -> None:
        self.count = self.bad_sizes = self.bad_corners = self.fractions = 0
        self._area_of_sizes = self._area_of_corners = self._larger_than_corners = 0
        self._trends = [_Trend(), _Trend()]

    def add(self, box: Sequence[float], width: int, height: int, area: float | None = None) -> None:
        """Count a box of a photo of that size; four finite numbers. `area` is what the annotations give as such."""
        left, top, third, fourth = box
        self.count += 1
        self.fractions += is_fraction(box)
        starts = min(left, top) >= -ROUNDING
        wide, high = width + ROUNDING, height + ROUNDING
        self.bad_sizes += not (starts and third >= 0 <= fourth and left + third <= wide and top + fourth <= high)
        self.bad_corners += not (starts and left <= third <= wide and top <= fourth <= high)
        if area:
            of_corners = (third - left) * (fourth - top)
            self._area_of_sizes += abs(third * fourth - area) <= 0.01 * area
            self._area_of_corners += abs(of_corners - area) <= 0.01 * area
            self._larger_than_corners += area > 1.05 * of_corners
        for trend, near, far, side in zip(self._trends, (left, top), (third, fourth), (width, height), strict=True):
            trend.add(near / side, far / side)

    @property
    def are_fractions(self) -> bool:
        return 0 < self.count == self.fractions

    @property
    def are_corners(self) -> bool:
        """True if the numbers are likely corners: only so do they lie in their photos, or give the areas, or else all
        can be corners and far edges grow with near edges."""
        bad = max(self.bad_corners, self._larger_than_corners)
        if bad > BAD_SHARE * self.count or self._area_of_sizes > self._area_of_corners:
            return False
        if self.bad_sizes > self.bad_corners or self._area_of_corners > self._area_of_sizes:
            return True
        return self.count >= FEWEST and all(trend.slope > SLOPE for trend in self._trends)

    @property
    def reason(self) -> str:
        """Why `are_corners` is true."""
        if self.bad_sizes > self.bad_corners:
            bad = f"{self.bad_sizes} of {self.count} reach out of their photos as x, y, width, height"
            return f"{bad}, {self.bad_corners} as x1, y1, x2, y2"
        if self._area_of_corners > self._area_of_sizes:
            return "only so is the 'area' theirs"
        return f"in all {self.count} the last two numbers are beyond the first two, and grow with them"

    @property
    def are_sizes(self) -> bool:
        """True if numbers that are named as corners are likely sizes: only so are they boxes inside their photos."""
        return self.count > 1 and self.bad_sizes <= BAD_SHARE * self.count < self.count / 2 < self.bad_corners


class _Trend:
    """Slope of the line through points, by least squares."""

    def __init__(self) -> None:
        self._count, self._x, self._y, self._xx, self._xy = 0, 0.0, 0.0, 0.0, 0.0

    def add(self, x: float, y: float) -> None:
        self._count += 1
        self._x, self._y, self._xx, self._xy = self._x + x, self._y + y, self._xx + x * x, self._xy + x * y

    @property
    def slope(self) -> float:
        """0 if the points do not show one, such as objects that all begin at one place."""
        spread = self._xx - self._x**2 / self._count
        return (self._xy - self._x * self._y / self._count) / spread if spread > 1e-6 * self._count else 0.0
