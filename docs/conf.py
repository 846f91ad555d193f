"""The docs site: `make docs` builds it into build/docs, and fails at a link that leads nowhere."""

from attendance_contracts import RELEASE

project = "attendance-relay"
author = "The attendance-relay developers"
release = RELEASE

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = f"attendance-relay {release}"
myst_heading_anchors = 4
napoleon_use_ivar = True
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
