"""Reading tables of boxes: how they may be written, what is skipped and named, what ends the reading."""

from typing import get_args, get_type_hints

import pytest
from PIL import Image

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import FORMATS, guess_format, read_annotations
from seigan_tf.data.annotations.table import LONGEST_LINE, read_csv
from seigan_tf.data.photos.photo import Object, Photo, Problem

SIZE = (200, 160)


@pytest.fixture
def images(tmp_path):
    """A folder with two photos, one of them in a folder of its own."""
    folder = tmp_path / "photos"
    (folder / "day 1").mkdir(parents=True)
    for name in ("a.png", "day 1/b, b.png"):
        Image.new("RGB", SIZE).save(folder / name)
    return folder


@pytest.fixture
def table(images, tmp_path):
    """Reads a table: photos by name, and problems."""

    def read_text(text: str | bytes):
        path = tmp_path / "boxes.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        items = list(read_csv(images, path))
        photos = {item.name: item for item in items if isinstance(item, Photo)}
        return photos, [item for item in items if isinstance(item, Problem)]

    return read_text


def boxes(photo: Photo) -> list[tuple]:
    return [item.box for item in photo.objects]


@pytest.mark.parametrize(
    "text",
    [
        'file,x,y,width,height,class\na.png,1,2,30,40,cat\n"day 1/b, b.png",5,6,7.5,8,dog\n',
        'Image;Left;Top;W;H;Label\r\na.png;1;2;30;40;cat\r\n"day 1/b, b.png";5;6;7.5;8;dog\r\n',
        "file_name\txmin\tymin\txmax\tymax\tcategory\na.png\t1\t2\t31\t42\tcat\nday 1/b, b.png\t5\t6\t12.5\t14\tdog",
        'path left top right bottom name\na.png  1 2 31 42 cat\n"day 1/b, b.png" 5   6 12.5 14 dog \n',
        'class, y2, x2, y1, x1, photo\ncat, 42, 31, 2, 1, a.png\ndog, 14, 12.5, 6, 5, "day 1/b, b.png"\n',
        "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        'a.png,200,160,cat,1,2,31,42\n"day 1/b, b.png",200,160,dog,5,6,12.5,14',
        'left,top,width,height,file,class\n1,2,30,40,a.png,cat\n5,6,7.5,8,"day 1\\b, b.png",dog\n',
        'a.png,1,2,30,40,cat\n"day 1/b, b.png",5,6,7.5,8,dog\n',
        "a.png\t1\t2\t30\t40\tcat\nday 1/b, b.png\t5\t6\t7.5\t8\tdog\n",
        'a.png 1.0 2.0 3e1 4e1 cat\n"day 1/b, b.png" 5 6 7.5 8 dog',
        '# made by hand\n\na.png,1,2,30,40,cat\n   \n#\n"day 1/b, b.png",5,6,7.5,8,dog\n\n',
        '\ufefffile,x,y,w,h,class\na.png,1,2,30,40,cat\n"day 1/b, b.png",5,6,7.5,8,dog\n',
        'a.png,1,2,30,40,cat,,\n"day 1/b, b.png",5,6,7.5,8,dog,\n',
        'a.png,1,2,30,40,cat\r"day 1/b, b.png",5,6,7.5,8,dog\r',
        'file,x,y,width,height,class\na.png,1,2,30,40,cat\n"day 1/b, b.png",5,6,7.5,8,dog\n'.encode("utf-16"),
    ],
    ids=[
        *(
            "commas",
            "semicolons",
            "tabs",
            "blanks",
            "any order",
            "size of the photo beside edges",
            "file in the middle",
        ),
        *("no header", "no header, tabs", "no header, blanks", "comments", "byte order mark", "empty columns"),
        *("line ends of old", "UTF-16"),
    ],
)
def test_table_may_be_written_in_many_ways(table, images, text):
    photos, problems = table(text)
    assert problems == []
    assert list(photos) == ["a.png", "day 1/b, b.png"]
    first, second = photos.values()
    assert [(item.box, item.category) for item in first.objects] == [((1, 2, 30, 40), "cat")]
    assert [(item.box, item.category) for item in second.objects] == [((5, 6, 7.5, 8), "dog")]
    assert (second.width, second.height, second.path) == (*SIZE, images / "day 1" / "b, b.png")


def test_first_of_two_names_for_one_column_counts(table):
    photos, problems = table("name,path,class,file,x,xmin,y,ymin,w,h\nx,y,cat,a.png,90,1,90,2,30,40\n")
    assert problems == []
    assert photos["a.png"].objects == (Object((1, 2, 30, 40), id=2, category="cat"),)


def test_empty_first_column_is_not_skipped(table):
    photos, problems = table("a.png\t1\t2\t30\t40\tcat\n\t5\t1\t2\t30\t40\n")
    assert len(photos["a.png"].objects) == 1
    assert [(problem.kind, problem.where) for problem in problems] == [("photo", "boxes.csv: line 2")]


def test_rows_of_one_photo_need_not_be_together_and_class_may_be_left_out(table):
    photos, problems = table('a.png,1,1,2,2\n"day 1/b, b.png",1,1,3,3\n./a.png,1,1,4,4\nday 1/../a.png,1,1,5,5\n')
    assert problems == []
    assert boxes(photos["a.png"]) == [(1, 1, 2, 2), (1, 1, 4, 4), (1, 1, 5, 5)]
    assert {item.category for photo in photos.values() for item in photo.objects} == {""}


def test_objects_are_numbered_by_line_unless_the_table_has_ids(table):
    photos, _ = table("a.png,1,1,2,2\n\na.png,1,1,3,3\n")
    assert [item.id for item in photos["a.png"].objects] == [1, 3]
    photos, problems = table("id,file,x,y,w,h\n70,a.png,1,1,2,2\n-5,a.png,1,1,3,3\n70,a.png,1,1,4,4\n,a.png,1,1,5,5\n")
    assert photos["a.png"].objects == (Object((1, 1, 2, 2), id=70), Object((1, 1, 3, 3), id=-5))
    assert problems == [
        Problem("object", "boxes.csv: line 4", "id 70 is given twice, expected unique ids"),
        Problem("object", "boxes.csv: line 5", "id: is empty, expected a number or a text"),
    ]


def test_objects_with_ids_of_text_are_numbered(table):
    photos, problems = table("id,file,x,y,w,h\nx7,a.png,1,1,2,2\n7,a.png,1,1,3,3\nx7,a.png,1,1,4,4\n")
    assert [item.id for item in photos["a.png"].objects] == [1, 7]
    assert problems == [Problem("object", "boxes.csv: line 4", "id x7 is given twice, expected unique ids")]


def test_ids_of_text_that_look_like_numbers_are_texts(table):
    ids = ("12e2", "1200", "1_2", "12", "1234e567", "9999e999")
    photos, problems = table("id,file,x,y,w,h\n" + "".join(f"{text},a.png,1,1,2,2\n" for text in ids))
    assert problems == []
    assert [item.id for item in photos["a.png"].objects] == [1, 1200, 3, 12, 5, 6]


@pytest.mark.parametrize("row", ["a.png", "a.png,,,,", "a.png,,,,,cat", '"a.png", , , , ,'])
@pytest.mark.parametrize("header", ["", "file,x,y,w,h,class\n"])
def test_row_without_numbers_is_a_photo_without_object(table, row, header):
    photos, problems = table(f'{header}{row}\n"day 1/b, b.png",1,1,3,3\n')
    assert problems == []
    assert photos["a.png"].objects == ()
    assert len(photos) == 2


def test_photos_that_the_table_does_not_name_are_not_used(table):
    photos, problems = table("a.png,1,1,2,2\n")
    assert list(photos) == ["a.png"]
    assert problems == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a.png,1,2,3", "height: '' is not a number"),
        ("a.png,1,,3,4", "top: '' is not a number"),
        ("a.png,1,2,wide,4", "width: wide is not a number"),
        ("a.png,1,2,3,4,cat,5", "has 7 columns, expected 6"),
        ('"a.png,1,2,3,4', "unexpected end of data"),
        ('"a.png"x,1,2,3,4', "expected after"),
        ("a.png,nan,2,3,4", "not finite"),
        ("a.png,1e999,2,3,4", "not finite"),
        ("a.png,1,2,-3,4", "negative size"),
        ("a.png,190,2,20,4", "is not inside the 200 x 160 photo"),
    ],
)
def test_malformed_row_is_a_problem_that_names_the_line(table, row, expected):
    photos, problems = table(f'# boxes\n"day 1/b, b.png",1,1,3,3\n{row}\n')
    assert len(photos["day 1/b, b.png"].objects) == 1
    (problem,) = problems
    assert problem.kind == "object"
    assert problem.where.startswith("boxes.csv: line 3")
    assert expected in problem.what


@pytest.mark.parametrize("box", ["1,2,wide,4", "1,2,,4", "1,2", "1,2,3,4,cat,5", "1,2,3,4,,"])
def test_photo_whose_box_cannot_be_read_is_incomplete(table, box):
    photos, _ = table(f'a.png,1,1,3,3\na.png,{box}\n"day 1/b, b.png",1,1,3,3\n')
    complete = box == "1,2,3,4,,"
    assert [(name, len(photo.objects), photo.incomplete) for name, photo in photos.items()] == [
        ("a.png", 1 + complete, not complete),
        ("day 1/b, b.png", 1, False),
    ]
    photos, problems = table(f'id,file,x,y,w,h,class\n1,a.png,1,1,3,3\n,"day 1/b, b.png",{box}\n')
    assert [(name, photo.incomplete) for name, photo in photos.items()] == [("a.png", False), ("day 1/b, b.png", True)]
    assert len(problems) == 1


def test_name_with_a_comma_and_without_quotes_names_another_photo(table):
    photos, problems = table("day 1/b, b.png,1,2,3,4,cat\na.png,1,2,3,4,cat\n")
    assert list(photos) == ["a.png"]
    assert ["has 7 columns" in problems[0].what, problems[1]] == [True, Problem("photo", "day 1/b", "missing")]


def test_flipped_edges_are_a_problem(table):
    _, problems = table("file,xmin,ymin,xmax,ymax\na.png,30,2,1,40\na.png,nan,2,nan,40\n")
    assert ["negative size" in problems[0].what, "not finite" in problems[1].what] == [True, True]


def test_photo_that_is_missing_or_damaged_is_one_problem_for_all_its_rows(table, images):
    (images / "damaged.png").write_bytes(b"\x89PNG")
    photos, problems = table("".join(f"{name}.png,1,1,2,2\n" for name in ("gone", "damaged", "a", "gone", "damaged")))
    assert list(photos) == ["a.png"]
    assert [(problem.kind, problem.where) for problem in problems] == [("photo", "gone.png"), ("photo", "damaged.png")]


def test_name_that_leaves_the_folder_is_one_problem_for_all_its_rows(table):
    photos, problems = table("../c.png,1,1,2,2\n/etc/c.png,1,1,2,2\n../c.png,1,1,3,3\na.png,1,1,2,2\n,1,1,2,2\n")
    assert list(photos) == ["a.png"]
    assert [(problem.kind, problem.where) for problem in problems] == [
        ("photo", "boxes.csv: line 1"),
        ("photo", "boxes.csv: line 2"),
        ("photo", "boxes.csv: line 5"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty, expected a table with columns file, left, top, width, height, class"),
        ("# nothing\n\n", "is empty"),
        ("a.png\nb.png\n", "begins with a.png, expected a table"),
        ("<html>\n", "begins with <html>"),
        ("Number,Source,A,B,C,D\nx,y,0,1,0,1\n", "the columns are Number,Source,A,B,C,D: none is known"),
        ("Number,xmin,xmax,ymin,ymax\nx,0,1,0,1\n", "no column file (file, filename,"),
        ("image,xmin,xmax,ymin\nx,0,1,0\n", "no column bottom (ymax, bottom,"),
        ("image_id,PredictionString\na,1.0 30 20 30 20\n", "image_id,PredictionString: no column left (xmin, left,"),
        ("file,left,top,bottom,class\n", "expected file, left and top"),
        ("file,x,y,w,h\n", "names no photo"),
        (b"a.png,1,1,2,\xe9\n", "not UTF-8 text"),
        (b"\xff\xfea", "not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8 text"),
        ("a.png,1,1,2,2\n" + "x" * (LONGEST_LINE + 1), "line 2 is longer than"),
        ("\n" * 10 + "[" * 200_000, "line 11 is longer than"),
    ],
)
def test_file_that_is_no_table_ends_with_one_line(table, tmp_path, one_line_error, text, expected):
    message = one_line_error(table, text)
    assert message.startswith(f"{tmp_path / 'boxes.csv'}: ")
    assert expected in message


def test_missing_folder_and_missing_file_are_named(images, tmp_path, one_line_error):
    assert "no such folder" in one_line_error(next, read_csv(tmp_path / "nowhere", tmp_path / "a.csv"))
    assert "no such file" in one_line_error(next, read_csv(images, tmp_path / "a.csv"))


def test_table_or_coco_file_beside_the_photos_is_read(photo_set, one_line_error):
    photo_set.add("a.png", (1, 2, 30, 40))
    photo_set.config()
    message = one_line_error(guess_format, photo_set.images, None)
    assert "holds no boxes of a known format, expected annotations as coco, csv" in message
    assert message.endswith("if they are elsewhere, name their file or folder")
    (photo_set.images / "boxes.txt").write_text("a.png 1 2 30 40 cat\n")
    assert guess_format(photo_set.images, None) == "csv"
    from_table = list(read_annotations("csv", photo_set.images, None))
    photo_set.annotations.rename(photo_set.images / "boxes.json")
    assert "holds boxes.json, boxes.txt, expected one" in one_line_error(guess_format, photo_set.images, None)
    (photo_set.images / "boxes.txt").unlink()
    assert guess_format(photo_set.images, None) == "coco"
    assert list(read_annotations("coco", photo_set.images, None)) == from_table


def test_every_format_can_be_chosen_in_the_settings():
    assert set(FORMATS) <= set(get_args(get_type_hints(DataConfig)["source"]))


@pytest.mark.parametrize(
    "text",
    [
        "image_path,xmin,ymin,xmax,ymax,label\nx/a.png,1,2,31,42,cat\n",
        "image_id,x_min,y_min,x_max,y_max,class_name,class_id\na,1,2,31,42,cat,7\n",
        "xmin,ymin,xmax,ymax,Frame,Label,Preview URL\n1,2,31,42,a.png,cat,http://example.org\n",
        "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;Name\na.png;200;160;1;2;31;42;cat\n",
        "fname,bbox_x1,bbox_y1,bbox_x2,bbox_y2,class\na.png,1,2,31,42,cat\n",
        "img_name,x0,y0,x1,y1,category\na.png,1,2,31,42,cat\n",
        "image,width,height,class,x,y,w,h\na.png,200,160,cat,1,2,30,40\n",
        "image,width,height,class,bbox_x,bbox_y,bbox_width,bbox_height\na.png,200,160,cat,1,2,30,40\n",
        "image,xmin,ymin,xmax,ymax,width,height,class\na.png,1,2,31,42,30,40,cat\n",
        "path,cx,cy,w,h,class\na.png,16,22,30,40,cat\n",
        'image_id,width,height,bbox,class\na,200,160,"[1.0, 2.0, 30.0, 40.0]",cat\n',
        "image_id,bbox,class\na,1 2 30 40,cat\n",
        'name,photo,bounding_box\ncat,a,"(1, 2, 30, 40)"\n',
    ],
)
def test_columns_by_the_names_that_people_use(table, text):
    photos, problems = table(text)
    assert problems == []
    assert [(item.box, item.category) for item in photos["a.png"].objects] == [((1, 2, 30, 40), "cat")]


@pytest.mark.parametrize("row", ["a,[],", "a,,", "a,nan,"])
def test_text_without_a_box_is_a_photo_without_object(table, row):
    photos, problems = table(f"image_id,bbox,class\n{row}\n")
    assert (photos["a.png"].objects, problems) == ((), [])


def test_text_that_is_no_box_is_a_problem(table):
    photos, (problem,) = table('image_id,bbox\na,"[1, 2, 3]"\n"day 1/b, b","[1, 2, 3, 4]"\n')
    assert problem.what == "box: [1, 2, 3], expected [left, top, width, height]"
    assert photos["a.png"].incomplete


@pytest.fixture
def turned_photo(images):
    """A photo that is 200 x 160 pixels as it is stored, and 160 x 200 when it is turned by its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", SIZE).save(images / "turned.jpg", exif=exif.tobytes())


@pytest.mark.parametrize(("width", "height"), [(200, 160), (160, 200)])
def test_size_columns_say_whether_boxes_are_of_the_stored_or_of_the_turned_photo(table, turned_photo, width, height):
    header = "filename,width,height,class,xmin,ymin,xmax,ymax"
    photos, problems = table(f"{header}\nturned.jpg,{width},{height},cat,10,20,150,155\n")
    photo = photos["turned.jpg"]
    assert (problems, photo.width, photo.height) == ([], width, height)
    assert photo.objects[0].box == (10, 20, 140, 135)


def test_lines_with_two_sizes_of_one_photo_are_a_problem(table):
    text = "file,width,height,xmin,ymin,xmax,ymax\na.png,200,160,1,2,31,42\na.png,160,200,1,2,31,42\n"
    photos, (problem,) = table(text)
    assert problem.what == "photo of 160 x 200 pixels, of another size in an earlier line"
    assert (len(photos["a.png"].objects), photos["a.png"].incomplete) == (1, True)


@pytest.mark.parametrize("name", ["turned.jpg", "./turned.jpg"])
def test_size_may_stand_in_a_later_line_of_the_photo(table, turned_photo, name):
    header = "filename,width,height,class,xmin,ymin,xmax,ymax"
    lines = "turned.jpg,,,cat,10,20,40,50", f"{name},200,160,cat,150,20,190,50", f"{name},160,200,cat,10,20,40,50"
    photos, (problem,) = table("\n".join((header, *lines)))
    photo = photos["turned.jpg"]
    assert (photo.width, photo.height, boxes(photo)) == (200, 160, [(10, 20, 30, 30), (150, 20, 40, 30)])
    assert (problem.where, photo.incomplete) == ("boxes.csv: line 4", True)
    assert "of another size in an earlier line" in problem.what
    _, (problem,) = table("\n".join((header, lines[0], f"{name},20.5,160,cat,1,2,3,4")))
    assert problem.what == "photo of 20.5 x 160.0 pixels, expected whole numbers of at least 1"


def test_open_images_without_the_names_of_its_classes_and_with_groups(table):
    header = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf"
    photos, problems = table(
        f"{header}\na,xclick,/m/01yrx,1,0.1,0.5,0.25,0.5,0,0,1\na,xclick,/m/0,1,0.9,1.5,0,1,0,0,0\n"
    )
    assert photos["a.png"].objects == (Object((20, 40, 80, 40), crowd=True, id=2, category="/m/01yrx"),)
    assert ["is not inside the 200 x 160 photo" in problem.what for problem in problems] == [True]


@pytest.mark.parametrize(
    ("text", "crowd"),
    [
        *((text, True) for text in ("1", "1.0", "TRUE", "yes")),
        *((text, False) for text in ("0", "0.0", "False", "No", "", "-1")),
    ],
)
def test_crowds_are_told_as_people_and_programs_write_it(table, text, crowd):
    photos, problems = table(f"file,x,y,width,height,iscrowd\na.png,1,2,30,40,{text}\n")
    assert (problems, photos["a.png"].objects[0].crowd) == ([], crowd)


@pytest.mark.parametrize("text", ["2", "maybe", "nan", "1_0"])
def test_unknown_word_for_a_crowd_is_a_problem(table, text):
    photos, (problem,) = table(f"file,x,y,width,height,iscrowd\na.png,1,2,30,40,{text}\n")
    assert problem == ("object", "boxes.csv: line 2", f"crowd: is {text}, expected 0 or 1, or true or false")
    assert (photos["a.png"].objects, photos["a.png"].incomplete) == ((), True)
