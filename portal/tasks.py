"""What the portal does at regular times."""

from celery import shared_task

from portal.invitations.mailing import mail_due_invitations


@shared_task(ignore_result=True)
def mail_invitations() -> None:
    """Mail the invitations that are due: those of a list, and those that did not leave before."""
    mail_due_invitations()
