"""XML files, read whole."""

import re
from pathlib import Path
from xml.etree import ElementTree

from seigan_tf.utils.text import shown

ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"'>]*)""")
"""Declaration of a file's encoding."""


def parse(path: Path, tag: str, name: str) -> ElementTree.Element:
    """Read a file whose root element is `tag`; `name` is the format's in messages, such as "Pascal VOC's annotation".

    Raises ValueError if it cannot be read, is no XML, or has another root.
    """
    if not path.is_file():
        raise ValueError("not a file")
    try:
        content = path.read_bytes()
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=_WithoutDoctype()))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML ({shown(str(error))})") from None
    except _Doctype:
        raise
    except (LookupError, ValueError):  # The encoding does not exist, or is none that the parser reads.
        encoding = ENCODING.search(content)
        name = encoding[1].decode("ascii", "replace") if encoding else "another encoding"
        raise ValueError(f"XML in {shown(name)}, expected UTF-8") from None
    if root.tag != tag:
        raise ValueError(f"root element is {shown(root.tag)}, expected {name}")
    return root


class _Doctype(ValueError):
    """The file has a document type."""


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type: annotations have none, and entities that one defines can grow to any size."""

    def doctype(self, *_):
        raise _Doctype("XML with a document type, expected annotations without one")
