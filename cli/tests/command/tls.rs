//! Encrypted submissions: what is wrong with a certificate is named at both ends, a certificate can
//! be exchanged, and a client that does not speak TLS is told.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use snapbox::cmd::OutputAssert;

use crate::common::{
    Process, code_now, eventually, on_every_runtime, one_connection, pipe, scratch, socklab,
    stderr, stdout, within_one_step,
};

const ANA: &str = "12345678";

/// A certificate for `name`, changed as it is told, that has signed itself; and its key.
fn certificate(name: &str, change: impl FnOnce(&mut CertificateParams)) -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let made = params(name, change).self_signed(&key).unwrap();
    [made.pem(), key.serialize_pem()]
}

fn params(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    params
}

fn authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

/// An authority's certificate, and one for `localhost` that it has signed, with its key.
fn chain(change: impl FnOnce(&mut CertificateParams)) -> [String; 3] {
    let of_authority = params("authority", |params| {
        authority(params);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "authority");
    });
    let issuer = CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = params("localhost", change)
        .signed_by(&key, &issuer)
        .unwrap();
    [issuer.pem(), own.pem(), key.serialize_pem()]
}

fn written(name: &str, text: &str) -> PathBuf {
    let path = scratch(name);
    fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A key that others can read is warned of.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

/// A server with that certificate and key.
struct TlsServer {
    running: Process,
    plain: SocketAddr,
    tls: SocketAddr,
    /// What it said before it was ready.
    said: Vec<String>,
}

fn command(certificate: &Path, key: &Path, words: &str) -> Command {
    let mut command = socklab(&format!(
        "submit server --listen :0 --tls-listen :0 {words}"
    ));
    command.arg("--tls").args([certificate, key]);
    command.arg("--register").arg(scratch("register"));
    command
}

fn serve(certificate: &Path, key: &Path, words: &str) -> TlsServer {
    let mut running = Process::start(command(certificate, key, words));
    let (mut said, mut ready) = (Vec::new(), Vec::new());
    while ready.len() < 2 {
        let line = running.notes();
        match line.strip_prefix("the server is ready at ") {
            Some(address) => ready.push(address.parse().unwrap()),
            None => said.push(line),
        }
    }
    // Which of the two is ready first is not said: the one that answers plain text is the plain
    // one.
    let speaks_tls = |address: &SocketAddr| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"no submission\n&&\n").unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        !answer.starts_with(b"ERROR ")
    };
    let at = ready.iter().position(speaks_tls).unwrap();
    TlsServer {
        running,
        tls: ready[at],
        plain: ready[1 - at],
        said,
    }
}

impl TlsServer {
    /// The next line that says so.
    fn says(&mut self, part: &str) -> String {
        eventually(part, || {
            Some(self.running.notes()).filter(|line| line.contains(part))
        })
    }
}

/// A submission to a server that is called `localhost`.
fn submit(to: SocketAddr, words: &str, ca: Option<&Path>) -> OutputAssert {
    within_one_step(|| submit_once(to, words, ca))
}

/// Whether the code is still right when it comes does not matter.
fn submit_once(to: SocketAddr, words: &str, ca: Option<&Path>) -> OutputAssert {
    let (port, code) = (to.port(), code_now(ANA));
    let mut client = socklab(&format!(
        "submit client localhost:{port} --name Ana --dni {ANA} --otp {code} {words}"
    ));
    if let Some(ca) = ca {
        client.arg("--ca").arg(ca);
    }
    pipe(client, "")
}

/// What is wrong with a certificate, and what its two ends say of it.
struct Case {
    /// The certificate's file, the key, and whom the client trusts.
    files: [String; 3],
    client: &'static str,
    /// What the server says at its start, if it can know.
    start: Option<&'static str>,
    server: &'static str,
}

#[test]
fn each_fault_of_a_certificate_is_named_at_both_ends() {
    let expired = certificate("localhost", |params| {
        params.not_after = date_time_ymd(2020, 1, 2);
    });
    let early = certificate("localhost", |params| {
        params.not_before = date_time_ymd(4000, 1, 2);
    });
    let other = certificate("lab.example", |_| {});
    let stranger = certificate("localhost", |_| {});
    let older = certificate("localhost", |_| {});
    let [root, own, key] = chain(authority);
    let trusts_itself = |[own, key]: [String; 2]| [own.clone(), key, own];
    for case in [
        Case {
            files: trusts_itself(expired),
            client: "cannot be trusted: it expired at 2020-01-02T00:00:00Z",
            start: Some("clients may refuse this certificate: it expired at 2020-01-02"),
            server: "refused this server's certificate: it expired at 2020-01-02",
        },
        Case {
            files: trusts_itself(early),
            client: "cannot be trusted: it is valid only from 4000-01-02T00:00:00Z",
            start: Some("clients may refuse this certificate: it is valid only from 4000-01-02"),
            server: "refused this server's certificate: it is valid only from 4000-01-02",
        },
        Case {
            files: trusts_itself(other),
            client: "cannot be trusted: it is not for localhost but for lab.example",
            start: None,
            server: "refused this server's certificate: it is not for the name that was typed",
        },
        Case {
            files: [stranger[0].clone(), stranger[1].clone(), root.clone()],
            client: "cannot be trusted: no authority that this client trusts has signed it",
            start: None,
            server: "refused this server's certificate: it does not trust who signed it",
        },
        // The one that the client has is an older one of the same name.
        Case {
            files: [stranger[0].clone(), stranger[1].clone(), older[0].clone()],
            client: "cannot be trusted: no authority that this client trusts has signed it",
            start: None,
            server: "refused this server's certificate: it does not trust who signed it",
        },
        Case {
            files: [own, key, root],
            client: "cannot be trusted: it is a CA certificate",
            start: Some("clients may refuse this certificate: it is a CA certificate"),
            server: "refused this server's certificate: it is a CA certificate",
        },
    ] {
        let [certificate, key, ca] = case.files;
        let (certificate, key) = (written("cert.pem", &certificate), written("key.pem", &key));
        let mut server = serve(&certificate, &key, "");
        let warned = server
            .said
            .iter()
            .find(|line| line.contains("clients may refuse"));
        match case.start {
            Some(part) => assert!(warned.is_some_and(|line| line.contains(part)), "{warned:?}"),
            None => assert_eq!(warned, None),
        }
        let ca = written("ca.pem", &ca);
        let ended = submit(server.tls, "--tls", Some(&ca)).code(1);
        let said = stderr(&ended);
        assert!(
            said.contains(case.client) && said.lines().count() == 1,
            "{said}"
        );
        assert_eq!(stdout(&ended), "");
        let refused = server.says("refused this server's certificate");
        assert!(refused.contains(case.server), "{refused}");
        // The server goes on.
        assert!(stdout(&submit(server.plain, "", None).success()).starts_with("OK "));
    }
}

/// As `openssl req -x509` makes it by itself, and Python's `ssl` accepts it.
#[test]
fn a_certificate_of_a_ca_that_is_trusted_itself() {
    let [own, key] = certificate("localhost", authority);
    let (own, key) = (written("cert.pem", &own), written("key.pem", &key));
    let server = serve(&own, &key, "");
    assert!(
        server
            .said
            .iter()
            .any(|line| line.contains("CA certificate")),
        "{:?}",
        server.said
    );
    let said = stdout(&submit(server.tls, "--tls", Some(&own)).success());
    assert!(said.starts_with("OK "), "{said}");
    // Its name is looked at all the same.
    let [own, key] = certificate("lab.example", authority);
    let (own, key) = (written("cert.pem", &own), written("key.pem", &key));
    let server = serve(&own, &key, "");
    let said = stderr(&submit(server.tls, "--tls", Some(&own)).code(1));
    assert!(
        said.contains("not for localhost but for lab.example"),
        "{said}"
    );
}

#[test]
fn files_that_a_server_cannot_use() {
    let [own, key] = certificate("localhost", |_| {});
    let [root, signed, signed_key] = chain(|_| {});
    let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (certificate, key, part) in [
        (&own, &locked, "encrypted under a passphrase"),
        (&own, &own, "no private key in PEM"),
        (&own, &signed_key, "belongs to none of the certificates"),
        (&key, &key, "no certificate in PEM"),
        (
            &format!("{root}{signed}"),
            &signed_key,
            "the key belongs to certificate 2 of the file, which must come first",
        ),
    ] {
        let (certificate, key) = (written("cert.pem", certificate), written("key.pem", key));
        let said = stderr(&pipe(command(&certificate, &key, ""), "").code(1));
        assert!(
            said.contains(part) && said.lines().count() == 1,
            "{part}: {said}"
        );
    }
    // In the right order the chain is good.
    let (both, key) = (format!("{signed}{root}"), written("key.pem", &signed_key));
    let server = serve(&written("cert.pem", &both), &key, "");
    let root = written("ca.pem", &root);
    assert!(stdout(&submit(server.tls, "--tls", Some(&root)).success()).starts_with("OK "));
}

#[cfg(unix)]
#[test]
fn a_hangup_has_the_certificate_read_again() {
    let old = certificate("localhost", |params| {
        params.not_after = date_time_ymd(2020, 1, 2);
    });
    let new = certificate("localhost", |_| {});
    let (own, key) = (written("cert.pem", &old[0]), written("key.pem", &old[1]));
    let mut server = serve(&own, &key, "");
    let ca = written("ca.pem", &new[0]);
    submit(server.tls, "--tls", Some(&ca)).code(1);
    // A key that does not fit: nothing changes.
    fs::write(&key, &new[1]).unwrap();
    server.running.signal(rustix::process::Signal::HUP);
    let kept = server.says("the certificate stays as it was");
    assert!(kept.contains("belongs to none"), "{kept}");
    submit(server.tls, "--tls", Some(&ca)).code(1);
    fs::write(&own, &new[0]).unwrap();
    server.running.signal(rustix::process::Signal::HUP);
    server.says("has been read again");
    assert!(stdout(&submit(server.tls, "--tls", Some(&ca)).success()).starts_with("OK "));
    // What was reported of the first certificate is news of another one.
    for (file, text) in [(&own, &old[0]), (&key, &old[1])] {
        fs::write(file, text).unwrap();
    }
    server.running.signal(rustix::process::Signal::HUP);
    server.says("has been read again");
    submit(server.tls, "--tls", Some(&ca)).code(1);
    server.says("refused this server's certificate");
    server.running.signal(rustix::process::Signal::TERM);
    assert_eq!(server.running.end().code, Some(0));
}

/// Plain text at the port of TLS: the client says so, instead of a record's bytes and success.
#[test]
fn a_plain_client_at_the_port_of_tls() {
    let [own, key] = certificate("localhost", |_| {});
    let (own, key) = (written("cert.pem", &own), written("key.pem", &key));
    on_every_runtime(|runtime| {
        let server = serve(&own, &key, runtime);
        let ended = submit(server.tls, runtime, None).code(1);
        let said = stderr(&ended);
        assert!(
            said.contains("speaks TLS") && said.contains("--tls"),
            "{said}"
        );
        assert_eq!(stdout(&ended), "");
    });
}

#[test]
fn answers_that_are_not_text() {
    let cases: [(&[u8], i32); 9] = [
        (b"\x15\x03\x03\x00\x02\x02\x0a", 1),
        (b"\x16\x03\x01\x00\x31\x02", 1),
        (b"SSH-2.0-OpenSSH_9.2\r\n\x00\x00\x04\x01", 1),
        (b"\x00\x00\x00\x00", 1),
        (b"\x80\x01binary\x7f\x02", 1),
        (b"Registro correcto\0\0\0", 0),
        (b"\x1b[32mRegistro correcto\x1b[0m\r\n", 0),
        // Windows-1252.
        (b"El c\xf3digo es v\xe1lido", 0),
        (b"OK\0", 0),
    ];
    on_every_runtime(|runtime| {
        for (answer, code) in cases {
            let (_serving, address) = one_connection(move |mut stream| {
                let _ = stream.read(&mut [0; 1024]);
                stream.write_all(answer).unwrap();
            });
            let ended = submit_once(address, runtime, None).code(code);
            let (said, tls) = (stderr(&ended), answer.starts_with(&[0x15]));
            match code {
                0 => assert!(!said.contains("not text"), "{answer:?}: {said}"),
                _ if tls => assert!(said.contains("TLS"), "{said}"),
                _ => assert!(
                    said.contains("TLS") || said.contains("is not text"),
                    "{said}"
                ),
            }
        }
    });
}
