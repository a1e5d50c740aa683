"""Annotation formats that are known but not read, each with a command that converts it to one that is."""

DATUM = "pip install 'datumaro[cli]' && datum convert -if {} -i FOLDER -f coco_instances -o OUT"
TABLE = "(echo file,x1,y1,x2,y2,class; awk '{}' {}) > boxes.csv"
ROWS = TABLE.format('{ for (i = 2; i <= NF; i++) print $1 "," $i }', "FILE")
CORNERS = TABLE.format(
    "NF == 10 { l = r = $1; t = b = $2; for (i = 3; i < 9; i += 2) { if ($i < l) l = $i; if ($i > r) r = $i;"
    ' if ($(i + 1) < t) t = $(i + 1); if ($(i + 1) > b) b = $(i + 1) } n = FILENAME; gsub(/.*\\/|\\.txt$/, "", n);'
    ' print n "," l "," t "," r "," b "," $9 }',
    "FOLDER/*.txt",
)
SUPERVISELY = (
    "python -c \"import csv, glob, json, os; write = csv.writer(open('boxes.csv', 'w')).writerow;"
    " write(['file', 'x1', 'y1', 'x2', 'y2', 'class']);"
    " [write([os.path.basename(f)[:-5], *map(min, *p), *map(max, *p), o['classTitle']])"
    " for f in glob.glob('FOLDER/**/*.json', recursive=True) for o in json.load(open(f)).get('objects', [])"
    " for p in [o['points']['exterior']]]\""
)
BDD = (
    "python -c \"import csv, json; write = csv.writer(open('boxes.csv', 'w')).writerow;"
    " write(['file', 'x1', 'y1', 'x2', 'y2', 'class']);"
    " [write([p['name'], *(o['box2d'][k] for k in ('x1', 'y1', 'x2', 'y2')), o['category']])"
    " for p in json.load(open('FILE')) for o in p.get('labels') or [] if o.get('box2d')]\""
)

OTHERS = {
    "LabelMe XML": DATUM.format("label_me"),
    "VoTT JSON": DATUM.format("vott_json"),
    "Datumaro JSON": DATUM.format("datumaro"),
    "TFRecord": DATUM.format("tf_detection_api").replace("[cli]", "[cli,tf]"),
    "MOT": DATUM.format("mot_seq"),
    "WIDER FACE": DATUM.format("wider_face"),
    "DOTA": CORNERS,
    "Supervisely": SUPERVISELY,
    "BDD100K": BDD,
    "keras-yolo3": ROWS,
    "archive": "unpack it: python -m zipfile -e FILE OUT, or python -m tarfile -e FILE OUT",
}
"""Commands by the name of the format. FOLDER and FILE are the annotations, OUT a new folder."""

SUFFIXES = {
    ".tfrecord": "TFRecord",
    ".tfrecords": "TFRecord",
    ".record": "TFRecord",
    ".zip": "archive",
    ".tar": "archive",
    ".gz": "archive",
    ".tgz": "archive",
}


def refusal(path: object, name: str) -> ValueError:
    """Return the error for annotations of a format of OTHERS."""
    return ValueError(f"{path}: {name}, which is not read; convert it: {OTHERS[name]}")
