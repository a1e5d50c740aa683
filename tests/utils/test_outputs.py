"""Outputs that cannot be written are noticed before long work."""

from seigan_tf.utils.outputs import check_writable


def test_a_link_is_checked_where_it_leads(tmp_path, one_line_error):
    link = tmp_path / "out.json"
    link.symlink_to("elsewhere/real.json")
    assert one_line_error(check_writable, link) == f"{link}: its folder does not exist"
    (tmp_path / "elsewhere").mkdir()
    check_writable(link)
