"""A certificate for Zoom's names, made anew at every start and kept in memory."""

import ssl

import trustme


def make_context() -> tuple[ssl.SSLContext, bytes]:
    """The server's context, and the PEM of the authority a client may choose to trust."""
    authority = trustme.CA(organization_name="Zoom sandbox")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = ("zoom.us", "*.zoom.us", "localhost", "127.0.0.1")
    authority.issue_cert(*names).configure_cert(context)
    return context, authority.cert_pem.bytes()
