"""The page of `python -m seigan_tf serve`, on which photographs are cut, erased and pasted in a browser.

server is what every web server of this project shares; application answers the page's requests (fields reads them,
photos decodes and encodes), turns lets one at a time use the networks, hosts keeps other websites out. page/ is what
the browser gets.
"""
