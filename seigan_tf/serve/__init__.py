"""Web page of `python -m seigan_tf serve`: photographs are cut, erased and pasted in a browser.

server holds what every web server of this project needs (pages, errors, headers, host names); application answers the
requests of this page, photos decodes and encodes, work_queue runs one request at a time. page/ is sent to the browser.
"""
