"""The REST API behind API Gateway (HTTP or REST APIs) or a function URL: the handler is `lambda_function.handler`."""

from mangum import Mangum

from github_events_monitor.api import app

handler = Mangum(app, lifespan="off")
