"""TLS towards one system: whom to trust, and the certificate to show."""

import ssl

from gateway.config import TlsSettings
from gateway.errors import ConfigurationError


def ssl_context(tls: TlsSettings, path: str) -> ssl.SSLContext | bool:
    """The context that the settings at `path` ask for; True for the system's own trust and no certificate.

    ConfigurationError names the setting whose file is missing or no PEM.
    """
    if tls == TlsSettings():
        return True
    if tls.certificate_file is None and tls.key_file is not None:
        raise ConfigurationError(f"{path}.key_file: goes with a certificate; set {path}.certificate_file too.")
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except OSError as error:
        raise _unusable(f"{path}.ca_file", error) from None
    if tls.certificate_file is not None:
        try:
            context.load_cert_chain(tls.certificate_file, tls.key_file)
        except OSError as error:
            raise _unusable(f"{path}.certificate_file", error) from None
    return context


def _unusable(setting: str, error: OSError) -> ConfigurationError:
    reason = "is no usable PEM file" if isinstance(error, ssl.SSLError) else f"cannot be read ({error.strerror})"
    return ConfigurationError(f"{setting}: {reason}.")
