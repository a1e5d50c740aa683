#!/usr/bin/env bash
# Datumaro converts a DOTA set to COCO without its objects and reports success.
#
# Expected: `datum convert -if dota -f coco` writes the oriented boxes as polygons or as the upright boxes around them, or fails.
# Seen:     exit code 0, "Dataset exported", the photographs listed in image_info_train.json, and no file of instances:
#           the writer of COCO skips rotated boxes without a word.
#
# datumaro 1.13.12, Python 3.11, 2026-11-29:
#     exit code 0, files image_info_train.json, 0 annotations
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'datumaro[cli]==1.13.12'

cd "$folder"
mkdir -p set/train/images set/train/labelTxt
venv/bin/python -c "from PIL import Image; Image.new('RGB', (64, 48)).save('set/train/images/a.jpg')"
printf 'imagesource:GoogleEarth\ngsd:0.1\n10.0 8.0 30.0 8.0 30.0 20.0 10.0 20.0 plane 0\n' > set/train/labelTxt/a.txt
code=0
venv/bin/datum convert -if dota -i set -f coco -o out > log 2>&1 || code=$?
files=$(ls out/annotations | tr '\n' ' ')
count=$(venv/bin/python -c "
import glob, json
print(sum(len(json.load(open(path))['annotations']) for path in glob.glob('out/annotations/*.json')))")
seen="exit code $code, files ${files% }, $count annotations"
echo "$seen"
[ "$seen" = "exit code 0, files image_info_train.json, 0 annotations" ]
