"""Settings from JSON."""

import pytest

from seigan_tf.config import Config, DataConfig, from_dict


@pytest.mark.parametrize("names", [["cat", "dog"], ("cat", "dog")])
def test_a_list_of_names_becomes_a_tuple(names):
    assert from_dict(DataConfig, {"classes": names}).classes == ("cat", "dog")
    assert from_dict(Config, {"data": {"classes": names}}).data.classes == ("cat", "dog")


@pytest.mark.parametrize("names", ["dog", "", None, 3, {"dog": 1}, [1], [["dog"]]])
def test_anything_else_in_its_place_is_named_in_one_line(names, one_line_error):
    message = one_line_error(from_dict, DataConfig, {"classes": names})
    assert '"classes"' in message
    assert 'should be "' in message
    if isinstance(names, str):
        assert f'instead of value "{names}" of type "str"' in message
    assert '"data.classes"' in one_line_error(from_dict, Config, {"data": {"classes": names}})
