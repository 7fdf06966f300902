//! `otp` from a pipe: the secret, the URI and the code, and which codes are valid.

use std::fs;

use socklab_core::otp::{Dni, Key, TimeStep};

use crate::common::{
    code_now, not, pipe, run, scan, scratch, socklab, stderr, stdout, step, within_one_step,
};

/// The lab's, byte for byte.
const URI: &str =
    "otpauth://totp/Mi%20App:mi_usuario?secret=GEZDGNBVGY%3D%3D%3D%3D%3D%3D&issuer=Mi%20App";

#[test]
fn enroll() {
    let ended = run("otp enroll --dni 123456").success().stderr_eq(
        "the DNI is the secret, and it travels in clear: a code proves only that somebody knows the DNI, not who it is\n",
    );
    let shown = stdout(&ended);
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("my secret: GEZDGNBVGY======"));
    assert_eq!(lines.next(), Some(&*format!("my provisioning URI: {URI}")));
    // Not a terminal: no colours, and nothing is asked.
    assert!(!shown.contains('\x1b'), "{shown}");
    assert_eq!(scan(&shown).as_deref(), Some(URI));
}

/// In Spanish, the words of the course.
#[test]
fn enroll_in_spanish() {
    let shown = stdout(&run("otp enroll --dni 123456 --no-qr --lang es").success());
    let uri = format!("mi URI de aprovisionamiento: {URI}");
    assert_eq!(shown, format!("mi secreto: GEZDGNBVGY======\n{uri}\n"));
}

#[test]
fn labels_and_styles() {
    for (options, uri) in [
        (
            &["--uri-style", "rfc"][..],
            "otpauth://totp/Mi%20App:mi_usuario?secret=GEZDGNBVGY&issuer=Mi%20App",
        ),
        (
            &["--account", "ñandú", "--issuer", "A & B"],
            "otpauth://totp/A%20%26%20B:%C3%B1and%C3%BA?secret=GEZDGNBVGY%3D%3D%3D%3D%3D%3D&issuer=A%20%26%20B",
        ),
    ] {
        let mut command = socklab("otp enroll --dni 123456");
        command.args(options);
        let shown = stdout(&pipe(command, "").success());
        assert!(
            shown.contains(&format!("my provisioning URI: {uri}\n")),
            "{shown}"
        );
        assert_eq!(scan(&shown).as_deref(), Some(uri));
    }
}

#[test]
fn pictures_in_files() {
    let (png, svg) = (scratch("code.png"), scratch("code.svg"));
    let mut command = socklab("otp enroll --dni 123456 --no-qr");
    command.arg("--png").arg(&png).arg("--svg").arg(&svg);
    let ended = pipe(command, "").success();
    for file in [&png, &svg] {
        assert!(stderr(&ended).contains(&format!("wrote {}\n", file.display())));
    }
    assert_eq!(stdout(&ended).lines().count(), 2);
    assert!(fs::read(png).expect("a file").starts_with(b"\x89PNG"));
    assert!(fs::read_to_string(svg).expect("a file").ends_with("</svg>"));
}

/// A URI that fits into no QR code is a failure, not half a picture.
#[test]
fn too_long_for_a_qr_code() {
    let mut command = socklab("otp enroll --dni 123456");
    command.arg("--account").arg("a".repeat(3000));
    let said = stderr(&pipe(command, "").code(1));
    let last = said.lines().last();
    assert_eq!(
        last,
        Some("this is too long for a QR code: shorten the account or the issuer")
    );
}

#[test]
fn the_code_of_this_moment_is_valid_and_its_neighbour_is_not() {
    let (right, wrong) = within_one_step(|| {
        let code = code_now("123456");
        let verify = |code: &str| run(&format!("otp verify --dni 123456 {code}"));
        (verify(&code), verify(&not(&code)))
    });
    right
        .success()
        .stdout_eq("the code is valid at this moment\n")
        .stderr_eq("");
    wrong
        .code(1)
        .stdout_eq("the code is not valid at this moment\n")
        .stderr_eq("");
}

/// The code of a step of 30 s that many steps from now.
fn code_of_step(steps: i64) -> String {
    let key = Key::from_dni(&Dni::parse("123456").expect("a DNI"));
    let then = TimeStep(step()).offset(steps).expect("a time after 1970");
    key.code(then).as_str().to_owned()
}

/// Only the current step counts, unless a wider window is asked for.
#[test]
fn neighbouring_steps() {
    for (steps, window, valid) in [
        (-1, 0, false),
        (1, 0, false),
        (-1, 1, true),
        (1, 1, true),
        (-2, 1, false),
        (2, 1, false),
        (-10, 10, true),
    ] {
        let ended = within_one_step(|| {
            let code = code_of_step(steps);
            run(&format!("otp verify --dni 123456 {code} --window {window}"))
        });
        let (code, not) = if valid { (0, "") } else { (1, "not ") };
        ended
            .code(code)
            .stdout_eq(format!("the code is {not}valid at this moment\n"));
    }
}

/// A zero at the front makes another key.
#[test]
fn zeros_at_the_front_count() {
    let (one, other) = within_one_step(|| (code_now("01234567"), code_now("1234567")));
    assert_ne!(one, other);
}

#[test]
fn a_code_is_six_digits_on_one_line() {
    let shown = stdout(&run("otp code --dni 00000000").success().stderr_eq(""));
    let digits = shown.strip_suffix('\n').expect("a line");
    assert!(
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        "{shown}"
    );
}

/// What a code says of the clock that made it.
#[test]
fn the_clock_that_made_a_code() {
    for (steps, code, line) in [
        (
            0,
            0,
            "the code is that of this moment: the phone's clock and this computer's agree",
        ),
        (
            -4,
            1,
            "the phone's clock is about 120 s behind this computer's: [..]",
        ),
        (
            2,
            1,
            "the phone's clock is about 60 s ahead of this computer's: [..]",
        ),
        (
            100,
            1,
            "the code belongs to no moment within 30 minutes of now: check the DNI and that it was enrolled with it, or the dates of the phone and of this computer",
        ),
    ] {
        let ended = within_one_step(|| {
            let made = code_of_step(steps);
            // Once in thousands of runs another step has the same code, and no answer is right.
            let alone = |other| other == steps || code_of_step(other) != made;
            let alone = (-60..=60).all(alone);
            alone.then(|| run(&format!("otp clock --dni 123456 {made}")))
        });
        if let Some(ended) = ended {
            ended
                .code(code)
                .stdout_eq(format!("{line}\n"))
                .stderr_eq("");
        }
    }
}

/// Two commands say the same of two clocks, and which to set only if a time server keeps ours.
#[cfg(target_os = "linux")]
#[test]
fn neither_clock_is_blamed_without_a_reason() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let timedatectl = folder.path().join("timedatectl");
    let both = "set the time of both to automatic";
    let phone = "a time server keeps this computer's, so set the phone's time to automatic";
    for (says, advice) in [("yes", phone), ("no", both), ("", both)] {
        fs::write(&timedatectl, format!("#!/bin/sh\necho {says}\n")).unwrap();
        fs::set_permissions(&timedatectl, fs::Permissions::from_mode(0o755)).unwrap();
        for (steps, differ) in [(-4, "120 s behind"), (2, "60 s ahead of")] {
            let said = within_one_step(|| {
                let made = code_of_step(steps);
                [format!("otp clock {made}"), format!("doctor --code {made}")].map(|words| {
                    let mut command = socklab(&words);
                    command.args(["--dni", "123456"]).env("PATH", folder.path());
                    stdout(&pipe(command, "").code(1))
                })
            });
            // A code of several moments says nothing.
            if said[0].starts_with("the code belongs") {
                continue;
            }
            let line = format!("the phone's clock is about {differ} this computer's: {advice}\n");
            assert_eq!(said[0], line);
            assert!(said[1].contains(&format!("✗ {line}")), "{}", said[1]);
        }
    }
}

/// Quiet, the exit status says it, and files are written all the same.
#[test]
fn quiet() {
    within_one_step(|| {
        let code = code_now("123456");
        for (code, status) in [(&code, 0), (&not(&code), 1)] {
            run(&format!("otp verify --quiet --dni 123456 {code}"))
                .code(status)
                .stdout_eq("")
                .stderr_eq("");
        }
    });
    let file = scratch("quiet.png");
    let mut command = socklab("otp enroll --quiet --dni 123456 --png");
    command.arg(&file);
    pipe(command, "").success().stdout_eq("").stderr_eq("");
    assert!(file.exists());
    run("otp verify --quiet --dni 1 123456")
        .code(2)
        .stderr_eq("the DNI has 6 to 8 digits: type them all, with the zeros at the front\n");
}

/// A DNI need not stand on the command line, where others on the computer see it.
#[test]
fn the_dni_from_elsewhere() {
    let shown = within_one_step(|| {
        let given = stdout(&run("otp code --dni 123456").success());
        let piped = stdout(&pipe(socklab("otp code"), "123456\r\n").success());
        let mut environment = socklab("otp code");
        environment.env("SOCKLAB_DNI", "123456");
        (given, piped, stdout(&pipe(environment, "").success()))
    });
    assert_eq!((&shown.0, &shown.0), (&shown.1, &shown.2));
    // What is given goes before the environment.
    let mut both = socklab("otp code --dni 12345");
    both.env("SOCKLAB_DNI", "123456");
    pipe(both, "").code(2);
    let mut wrong = socklab("otp code");
    wrong.env("SOCKLAB_DNI", "12345678Z");
    let said = stderr(&pipe(wrong, "").code(2));
    assert_eq!(
        said,
        "the DNI goes without its letter: type only its digits\n"
    );
}
