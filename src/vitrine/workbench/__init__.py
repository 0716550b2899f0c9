"""What researchers use in a notebook: `from vitrine import workbench`.

    workbench.datasets()                  what this project may use
    workbench.series("lung-ct")           its image series, one row each
    workbench.clinical("lung-ct")         its clinical table
    image = workbench.load_series(row)    one series as SimpleITK.Image
    workbench.viewer(image, mask)         look at it: slices, window, mask
    workbench.share([...], note="...")    give colleagues of this project a copy of files
    workbench.shared()                    what colleagues share
    workbench.receive(share_id)           copy a share into the workspace
    workbench.request_export([...], context="...")   ask for files to leave

`help(workbench.load_series)` and the like explain each. Nothing here uses a network, and nothing
here changes a dataset: `/data` is read-only, `/workspace` is yours.
"""

from vitrine.workbench.datasets import clinical, datasets, series
from vitrine.workbench.export import Draft, request_export
from vitrine.workbench.sharing import Share, receive, share, shared
from vitrine.workbench.viewer import Viewer, viewer
from vitrine.workbench.volume import load_series

__all__ = [
    "Draft",
    "Share",
    "Viewer",
    "clinical",
    "datasets",
    "load_series",
    "receive",
    "request_export",
    "series",
    "share",
    "shared",
    "viewer",
]
