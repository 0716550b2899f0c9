"""What can be told about files before anybody looks: pure checks over what a file carries.

`readers` turn a file's bytes into a `Document` of tables, texts, rasters and remarks, each with the
place where it stands; `rules` judge those parts with the numbers of a `DisclosurePolicy` and answer
with findings. So a picture in a notebook meets the same rule as a picture that is a file. Readers
see hostile bytes: `apart` runs all of it in a confined child, without network, files or programs.
"""

import os

# A confined child cannot start threads: OpenBLAS would wait for its own for ever.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
