"""Full-size photographs: cut an object out, erase it, paste it elsewhere. Geometry in, geometry out.

composer is what others call; networks runs the three networks, from a Keras model or from LiteRT files; geometry says
which square of a photo they see; matting takes the mask back to the photo's pixels (refinement, guided_filter) and
foreground the colours of its soft edge; erasing fills holes (detail: with the photo's own fine detail), pasting
harmonises; picture and photo_files hold, read and write photographs.
"""
