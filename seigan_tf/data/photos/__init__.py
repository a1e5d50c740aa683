"""Photographs as files: what is known of one, where its file is, and its pixels."""
