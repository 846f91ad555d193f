"""The attendance system's part in Google Cloud, as a table of resources that ``gcloud`` brings about.

``installation`` says what there shall be, ``kinds`` how each kind of it is looked at, made, changed and removed,
``change`` does that for all of them, ``gcloud`` alone runs the program of that name. Standard library only.
"""
