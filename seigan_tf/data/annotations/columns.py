"""Columns of tables of boxes: the names that people and tools give them, and what they hold together."""

import re
from typing import NamedTuple

COLUMNS = {
    "file": (
        *("file", "filename", "filepath", "image", "imagename", "imagepath", "imagefile", "imagefilename", "imgname"),
        *("imgpath", "imgfile", "img", "fname", "path", "relativeimpath", "photo", "picture", "frame", "url"),
        *("imageurl", "uri", "imageid", "imgid", "id"),
    ),
    "left": ("xmin", "left", "x0", "xtl", "topleftx", "leftx", "startx", "x1", "x"),
    "top": ("ymin", "top", "y0", "ytl", "toplefty", "topy", "starty", "y1", "y"),
    "right": ("xmax", "right", "xbr", "bottomrightx", "rightx", "endx", "x2", "x1"),
    "bottom": ("ymax", "bottom", "ybr", "bottomrighty", "bottomy", "endy", "y2", "y1"),
    "center_x": ("xcenter", "centerx", "xcentre", "centrex", "cx", "xc"),
    "center_y": ("ycenter", "centery", "ycentre", "centrey", "cy", "yc"),
    "width": ("w", "bw", "width"),
    "height": ("h", "bh", "height"),
    "box": ("bbox", "box", "boundingbox", "bndbox"),
    "photo_width": ("imagewidth", "imgwidth", "imwidth", "photowidth", "framewidth", "originalwidth", "imgw", "width"),
    "photo_height": (
        *("imageheight", "imgheight", "imheight", "photoheight", "frameheight", "originalheight", "imgh", "height"),
    ),
    "class": (
        *("classname", "labelname", "categoryname", "class", "label", "category", "objectclass", "name", "species"),
        *("type", "tag", "cls", "classid", "labelid", "categoryid"),
    ),
    "id": ("id",),
    "crowd": ("iscrowd", "isgroupof"),
}
"""Names of each column in the header, in small letters and without signs; the first that is there counts."""
NAMES_LISTED = 6  # names of a column that an error lists
PREFIX = re.compile(r"^(bboxes|bbox|boundingbox|bndbox|box|roi|rect|region)(?=.)")

EDGES = ("left", "top", "right", "bottom")
SIZES = ("left", "top", "width", "height")
CENTERS = ("center_x", "center_y", "width", "height")
TEXT = ("box",)
OPEN_IMAGES = {"ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"}
"""Columns of Open Images, exactly as it writes them; its boxes are fractions of the photo."""


class Layout(NamedTuple):
    """The columns of a table."""

    delimiter: str
    columns: dict[str, int]  # place of each column, by its name in COLUMNS
    width: int  # most columns of a line
    box: tuple[str, ...]  # EDGES, SIZES, CENTERS or TEXT
    has_header: bool
    fractions: bool = False  # True if the format has fractions of the photo, not pixels

    def without_photo_size(self) -> "Layout":
        rest = {name: place for name, place in self.columns.items() if name not in ("photo_width", "photo_height")}
        return self._replace(columns=rest)


WITHOUT_HEADER = ("file", *SIZES, "class")


def find_layout(header: list[str], delimiter: str) -> Layout | str:
    """Return the layout of a header, or what it lacks.

    That is an empty text unless two fields are names of columns, or one of several fields is that of the file.
    """
    fields = [re.sub(r"[^0-9a-zµ-\uffff]", "", field.lower()) for field in header]
    columns = {column: place for column, names in COLUMNS.items() if (place := _place(column, names, fields)) >= 0}
    # One field has one meaning: x1 is a right edge only beside x0, "id" is the photo only if nothing else is.
    for column, other in (("right", "left"), ("bottom", "top"), ("id", "file")):
        if column in columns and columns[column] == columns.get(other):
            del columns[column]
    for form in (EDGES, SIZES, CENTERS, TEXT):
        if columns.keys() >= {"file", *form}:
            for side in {"width", "height"} & set(form):
                if columns[side] == columns.get(f"photo_{side}"):
                    del columns[f"photo_{side}"]
            return Layout(delimiter, columns, len(fields), form, True, set(header) >= OPEN_IMAGES)
    return _lacking(columns) if len(columns) > 1 or (len(fields) > 1 and "file" in columns) else ""


def _place(column: str, names: tuple[str, ...], fields: list[str]) -> int:
    if column in (*EDGES, *SIZES, *CENTERS):
        # "bbox_width" is the box's also beside a "width", which is the photo's then.
        bare = [PREFIX.sub("", field) if PREFIX.match(field) else "" for field in fields]
        if any(bare) and (place := _place("", names, bare)) >= 0:
            return place
    return next((fields.index(name) for name in names if name in fields), -1)


def _lacking(columns: dict[str, int]) -> str:
    """Say which columns are missing for the form of box that lacks the fewest, and by which names they are known."""
    form = min((EDGES, SIZES, CENTERS), key=lambda form: len(set(form) - columns.keys()))
    missing = [column for column in ("file", *form) if column not in columns]
    if "box" in columns:
        missing = ["file"]
    names = {column: ", ".join(COLUMNS[column][:NAMES_LISTED]) for column in missing}
    return "; ".join(f"no column {column.replace('_', ' ')} ({names[column]}, ...)" for column in missing)
