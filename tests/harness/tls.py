"""Certificates for tests, made by the openssl command, and a wire that speaks TLS."""

import functools
import pathlib
import select
import socket
import ssl
import subprocess
import tempfile

from harness.wire import Closed, Wire


def _openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, name: str = "Test Authority"):
        self._holder = tempfile.TemporaryDirectory(prefix="midge-test-ca-")
        self.folder = pathlib.Path(self._holder.name)
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\n"
            "new_certs_dir = .\ndefault_md = sha256\npolicy = any\nunique_subject = no\n"
            "preserve = yes\n"
            "[any]\ncommonName = optional\norganizationName = optional\n"
            "organizationalUnitName = optional\ndomainComponent = optional\n")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                 "ca.pem", "-subj", f"/CN={name}", "-days", "3650", folder=self.folder)

    @property
    def path(self) -> str:
        return str(self.folder / "ca.pem")

    def issue(self, name: str, subject: str = "", names: str = "", usage="serverAuth,clientAuth",
              dates=("20200101000000Z", "20490101000000Z"), more: str = "") -> "Certificate":
        """A certificate NAME.pem with its key NAME.key. `more`: lines of other extensions."""
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                 f"{name}.csr", "-subj", subject or f"/CN={name}", folder=self.folder)
        extensions = f"extendedKeyUsage={usage}\n"
        if names:
            extensions += f"subjectAltName={names}\n"
        extensions += more
        (self.folder / f"{name}.ext").write_text(extensions)
        _openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", f"{name}.csr", "-cert",
                 "ca.pem", "-keyfile", "ca.key", "-startdate", dates[0], "-enddate", dates[1],
                 "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=self.folder)
        return Certificate(self.folder, name)


    def revoke(self, certificate: "Certificate"):
        _openssl("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-revoke",
                 str(certificate.cert), folder=self.folder)


class Certificate:
    def __init__(self, folder: pathlib.Path, name: str):
        self.cert = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"

    @property
    def files(self) -> str:
        """As a tls block names it."""
        return f'cert_file: "{self.cert}", key_file: "{self.key}"'

    @property
    def pem(self) -> str:
        return self.cert.read_text()

    def spki_sha256(self) -> str:
        public = subprocess.run(["openssl", "x509", "-in", self.cert, "-pubkey", "-noout"],
                                check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=public,
                             check=True, capture_output=True).stdout
        import hashlib
        return hashlib.sha256(der).hexdigest()


@functools.lru_cache(maxsize=None)
def authority() -> Authority:
    """The one that tests trust."""
    return Authority()


@functools.lru_cache(maxsize=None)
def stranger() -> Authority:
    return Authority("Stranger")


@functools.lru_cache(maxsize=None)
def server_certificate() -> Certificate:
    return authority().issue("server", names="DNS:localhost,IP:127.0.0.1")


def client_context(certificate: Certificate = None, trust: str = "", maximum=None):
    context = ssl.create_default_context(cafile=trust or authority().path)
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate.cert, certificate.key)
    if maximum:
        context.maximum_version = maximum
    return context


class TlsWire(Wire):
    """A wire that begins plain; start_tls() encrypts it."""

    def start_tls(self, context=None, server_name="localhost"):
        assert not self.buffer, "the server spoke before the handshake"
        self.socket = (context or client_context()).wrap_socket(
            self.socket, server_hostname=server_name)
        return self

    def _fill(self, patience: float):
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            self.buffer += self.socket.recv(1 << 18)
            return
        if not isinstance(self.socket, ssl.SSLSocket):
            return super()._fill(patience)
        if self.ended:
            raise Closed(bytes(self.buffer))
        ready, _, _ = select.select([self.socket], [], [], max(patience, 0))
        if not ready:
            raise TimeoutError(f"nothing more came; unread: {bytes(self.buffer)!r}")
        try:
            data = self.socket.recv(1 << 18)
        except ssl.SSLWantReadError:
            return
        except (ssl.SSLError, ConnectionResetError) as error:
            self.alert = str(error)
            data = b""
        if not data:
            self.ended = True
            raise Closed(bytes(self.buffer))
        self.buffer += data

    alert = ""  # what ended it, if not close_notify


def served_certificate(port: int) -> bytes:
    """The DER that a server presents which speaks TLS first."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        with context.wrap_socket(sock, server_hostname="localhost") as wrapped:
            return wrapped.getpeercert(binary_form=True)
