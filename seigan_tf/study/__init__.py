"""The human study of the paper (section 4.1, figure 4): pictures, pairs, a page to compare them on, ratings."""
