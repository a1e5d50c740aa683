"""XML files, read whole."""

from pathlib import Path
from xml.etree import ElementTree

from seigan_tf.utils.text import shown


def parse(path: Path, tag: str, name: str) -> ElementTree.Element:
    """Read a file whose root element is `tag`; `name` is the format's in messages, such as "Pascal VOC's annotation".

    Raises ValueError if it cannot be read, is no XML, or has another root.
    """
    if not path.is_file():
        raise ValueError("not a file")
    try:
        root = ElementTree.fromstring(path.read_bytes(), ElementTree.XMLParser(target=_WithoutDoctype()))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: it names an encoding that does not exist.
        raise ValueError(f"not XML ({shown(str(error))})") from None
    if root.tag != tag:
        raise ValueError(f"root element is {shown(root.tag)}, expected {name}")
    return root


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type: annotations have none, and entities that one defines can grow to any size."""

    def doctype(self, *_):
        raise ValueError("XML with a document type, expected annotations without one")
