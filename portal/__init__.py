"""The project, and the organizations (tenants) that everything else belongs to."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
