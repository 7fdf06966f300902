//! A register on PostgreSQL, from the shell: encrypted, with a password that is not in the address.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{CertificateParams, KeyPair};
use snapbox::cmd::OutputAssert;
use socklab_tests::postgres::Cluster;

use crate::common::{pipe, run, scratch, socklab, stderr, stdout};

const PASSWORD: &str = "se:cret";

fn written(name: &str, text: &str) -> PathBuf {
    let path = scratch(name);
    fs::write(&path, text).unwrap();
    path
}

/// The status of a register, asked for without any password that the environment may have.
fn status(url: &str, change: impl FnOnce(&mut Command)) -> OutputAssert {
    let mut command = socklab("register status --register");
    command.arg(url);
    command
        .env_remove("PGPASSWORD")
        .env_remove("PGPASSFILE")
        .env("HOME", "/no/home");
    change(&mut command);
    pipe(command, "")
}

#[test]
fn encrypted_and_with_a_password() {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let own = own.self_signed(&key).unwrap().pem();
    let Some((_cluster, port)) = Cluster::encrypted(&own, &key.serialize_pem(), PASSWORD) else {
        return;
    };
    let at =
        |host: &str, options: &str| format!("postgres://postgres@{host}:{port}/postgres{options}");
    let ca = written("ca.pem", &own)
        .display()
        .to_string()
        .replace(' ', "%20");
    let verified = format!("?sslmode=verify-full&sslrootcert={ca}");
    let password = |command: &mut Command| {
        command.env("PGPASSWORD", PASSWORD);
    };
    let reads = |url: &str| stdout(&status(url, password).success());
    assert!(reads(&at("localhost", &verified)).contains("0 submissions"));
    assert!(reads(&at("127.0.0.1", "?sslmode=require")).contains("0 submissions"));
    let refused = |url: &str| stderr(&status(url, password).code(1));
    // Its certificate has another name, or another has signed it; and it takes nothing in clear.
    let said = refused(&at("127.0.0.1", &verified));
    assert!(said.contains("certificate"), "{said}");
    let said = refused(&at("localhost", "?sslmode=verify-full"));
    assert!(said.contains("certificate"), "{said}");
    let said = refused(&at("localhost", ""));
    assert!(said.contains("no encryption"), "{said}");

    // The password from a file, if only its owner can read it.
    let url = at("localhost", "?sslmode=require");
    let line = "localhost:*:postgres:postgres:se\\:cret\n";
    let file = written("pgpass", &format!("# a comment\nother:*:*:*:no\n{line}"));
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let from_file = |command: &mut Command| {
        command.env("PGPASSFILE", &file);
    };
    let said = stderr(&status(&url, from_file).code(1));
    assert!(
        said.contains("others may read it") && said.contains("chmod 600"),
        "{said}"
    );
    mode(0o600);
    status(&url, from_file).success();
    let home = scratch("home").with_extension("folder");
    fs::create_dir_all(&home).unwrap();
    fs::copy(&file, home.join(".pgpass")).unwrap();
    status(&url, |command| {
        command.env("HOME", &home);
    })
    .success();
    let said = stderr(&status(&url, |_| {}).code(1));
    assert!(said.contains("password"), "{said}");
    let wrong = |command: &mut Command| {
        command.env("PGPASSWORD", "wrong");
    };
    let said = stderr(&status(&url, wrong).code(1));
    assert!(said.contains("password authentication failed"), "{said}");
}

/// An address with a password would be seen by everybody on the computer, and so it is refused,
/// however it is written. Nor does the refusal show it.
#[test]
fn an_address_with_a_password_is_refused() {
    for url in [
        "postgres://ana:s3cret@127.0.0.1:1/lab",
        "Postgres://ana:s3cret@127.0.0.1:1/lab",
        "postgresql://ana@127.0.0.1:1/lab?password=s3c@ret",
        "postgres://ana:s3cret?x@127.0.0.1:1/lab",
        "postgres://ana:s3c@r?et@127.0.0.1:1/lab",
    ] {
        let said = stderr(&run(&format!("register status --register {url}")).code(1));
        assert!(
            said.contains("PGPASSWORD") && !said.contains("s3c") && !said.contains("ret"),
            "{said}"
        );
    }
    // The host was forgotten; or it is no address of ours.
    for place in ["postgres://ana:s3cret", "user=ana,password=s3cret"] {
        let said = stderr(&run(&format!("register status --register {place}")).code(1));
        assert!(!said.contains("s3cret"), "{said}");
    }
    // Nor is a file named after it.
    let said =
        stderr(&run("submit server --listen :0 --register postgre://a:s3cret@h/lab").code(1));
    assert!(
        said.contains("begins with postgres://") && !said.contains("s3cret"),
        "{said}"
    );
}
