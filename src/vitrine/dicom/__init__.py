"""Reading DICOM Part 10 files: what a header says, and what a folder of them holds."""
