"""How Sphinx builds the documentation: `make docs`."""

project = "eplua_twisted"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
highlight_language = "text"
nitpicky = True

html_theme = "furo"
html_title = "eplua_twisted"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
