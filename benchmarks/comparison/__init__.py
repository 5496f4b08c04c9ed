"""Every way to W_1 on one stage: error against the number of points, against the dimension, and against seconds."""
