"""The web page and the view inside an assistant: files, and what serves them. The answers in them are the REST API's.

`static/` holds one stylesheet, our scripts in the order of `SCRIPTS`, and the chart library as it is published
(`scripts/vendor_charts.py` renews it) with its licence. Nothing is loaded from anywhere else.
"""
