//! `socklab check all` and `socklab check otp`: a practical, as a lecturer has it.

use std::fs;
use std::path::Path;

use crate::common::{has_python, pipe, run, scratch, socklab, stderr, stdout};

fn bug_program(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../check/tests/bugs")
        .join(name);
    fs::read_to_string(file).expect("a program")
}

/// Writes programs of `check/tests/bugs` under other names.
fn put(folder: &Path, files: &[(&str, &str)]) {
    for (name, program) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, bug_program(program)).expect("written");
    }
}

/// Python's clients are led to a free port, so this needs none of the lab's.
#[test]
fn each_student_has_lines_in_one_table() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-all");
    put(
        &folder,
        &[
            ("ana/chat_client.py", "cures/chat_client.py"),
            ("ana/otp.py", "cures/otp.py"),
            ("luis/chat/ChatCliente.py", "turn-broken.py"),
            ("luis/msg_client.py", "turn-broken.py"),
        ],
    );
    let mut command = socklab("check all");
    command.arg(&folder);
    let ended = pipe(command, "").code(1);
    let (said, first) = (stdout(&ended), stderr(&ended));
    let unknown = "not checked, because their names do not say the exercise and the end: \
                   luis/msg_client.py; call them as chat_client.py, or name them with --map\n";
    let first = first.strip_prefix(unknown).unwrap_or_default();
    assert!(first.starts_with("running the 3 programs that "), "{first}");
    let lines: Vec<&str> = said.lines().collect();
    for (line, expected) in lines.iter().zip([
        "  folder  exercise       program         result",
        "✓ ana     chat client    chat_client.py  right",
        "? ana     chat server    –               no program has a name like chat_server.py",
        "✓ ana     otp            otp.py          right",
        "? ana     submit client  –               no program has a name like submit_client.py",
        "✗ luis    chat client    ChatCliente.py  turn-broken (happy)",
        "? luis    chat server    –               no program has a name like chat_server.py",
        "? luis    submit client  –               no program has a name like submit_client.py",
    ]) {
        assert_eq!(*line, expected, "{said}");
    }
    let whole = "What happened, whole: socklab check chat client -- python3 ";
    assert!(lines[8].starts_with(whole), "{said}");
    assert!(lines[8].contains("luis/chat/ChatCliente.py"), "{said}");

    fs::write(folder.join("ana/mine.c"), "").expect("a file");
    let of = |format: &str| {
        let mut command = socklab("check all --format");
        command.arg(format).arg(folder.join("ana"));
        stdout(&pipe(command, "").code(3))
    };
    let json: serde_json::Value = serde_json::from_str(&of("json")).expect("JSON");
    let verdicts = json.as_array().expect("a list").iter();
    let verdicts: Vec<_> = verdicts.map(|one| one["verdict"].as_str()).collect();
    let (right, missing) = (Some("pass"), Some("not-checked"));
    assert_eq!(
        verdicts,
        [right, missing, right, missing, missing],
        "{json}"
    );
    let (file, why) = (&json[4]["program"], &json[4]["reason"]);
    assert_eq!((file, why), (&"mine.c".into(), &"unknown-name".into()));
    assert_eq!(json[1]["reason"], "missing");
    assert_eq!(json[2]["role"], serde_json::Value::Null);
    let junit = of("junit");
    assert_eq!(junit.matches("<testsuite ").count(), 5, "{junit}");
    assert!(
        junit.contains("<testsuite name=\"socklab.mine.c\""),
        "{junit}"
    );
    assert!(junit.contains("<testsuite name=\"socklab.otp\""), "{junit}");
}

#[test]
fn a_map_names_programs_that_their_names_do_not() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-map");
    let all = ["ana/mine.py", "luis/mine.py"].map(|name| (name, "cures/otp.py"));
    put(&folder, &all);
    let map = folder.join("map.txt");
    fs::write(&map, "otp: python3 mine.py\n").expect("a file");
    let mut command = socklab("check all --map");
    command.arg(&map).arg(&folder);
    let said = stdout(&pipe(command, "").code(3));
    for student in ["ana", "luis"] {
        let line = format!("✓ {student:6}  otp            mine.py  right");
        assert!(said.contains(&line), "{said}");
    }
    fs::write(&map, "otp: python3 mine.py\nchat: x\n").expect("a file");
    let mut command = socklab("check all --map");
    command.arg(&map).arg(&folder);
    let ended = pipe(command, "").code(2);
    assert!(stderr(&ended).contains("map.txt, line 2: expected"));
}

/// The command of a map is run in the student's folder, wherever the check is.
#[cfg(unix)]
#[test]
fn a_map_names_programs_by_their_paths() {
    use std::os::unix::fs::PermissionsExt;

    if !has_python() {
        return;
    }
    let folder = scratch("check-map-path");
    let send = folder.join("luis/send");
    put(
        &folder,
        &[
            ("ana/mine.py", "cures/submit_client.py"),
            ("luis/mine.py", "wrong-order.py"),
        ],
    );
    for student in ["ana", "luis"] {
        let send = folder.join(student).join("send");
        fs::write(&send, "#!/bin/sh\nexec python3 mine.py\n").expect("a file");
        fs::set_permissions(&send, fs::Permissions::from_mode(0o755)).expect("set");
    }
    let map = folder.join("map.txt");
    fs::write(&map, "submit client: ./send {port}\n").expect("a file");
    let mut command = socklab("check all --map");
    command.arg(&map).arg(&folder);
    let said = stdout(&pipe(command, "").code(1));
    assert!(
        said.contains("✓ ana     submit client  send     right"),
        "{said}"
    );
    assert!(
        said.contains("✗ luis    submit client  send     wrong-order (happy)"),
        "{said}"
    );
    let again = format!(
        "socklab check submit client -- \"{}\" {{port}}",
        send.display()
    );
    assert!(said.contains(&again), "{said}");
}

#[test]
fn a_folder_without_programs_is_told_so() {
    let folder = scratch("check-none");
    fs::create_dir(&folder).expect("a folder");
    let mut command = socklab("check all");
    command.arg(&folder);
    let ended = pipe(command, "").code(3);
    let said = stderr(&ended);
    assert!(said.contains("has no program of the lab"), "{said}");
    let absent = "exercises without a program here: message, echo, chat, welcome, capitals, otp";
    assert!(said.starts_with(absent), "{said}");
    let ended = run("check all no-such-folder").code(2);
    assert!(stderr(&ended).contains("no-such-folder: "));
}

#[test]
fn a_personal_dni_is_shown_nowhere() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-otp");
    let secret = "base64.b32encode(dni.encode())";
    let wrong =
        bug_program("cures/otp.py").replace(secret, "base64.b32encode(dni.encode() + b'x')");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.py");
    fs::write(&file, wrong).expect("a file");
    for format in ["text", "json"] {
        let words = "check otp --only secret --dni 04681357 --format";
        let mut command = socklab(words);
        command.args([format, "--", "python3"]).arg(&file);
        let said = stdout(&pipe(command, "").code(1));
        // Its base32 is GA2DMOBRGM2TO===.
        assert!(said.contains("GA***"), "{said}");
        for secret in ["4681357", "DMOBRGM"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

/// Nor in what the program says when it ends, nor in its source.
#[test]
fn a_dni_in_the_programs_own_words_is_masked() {
    if !has_python() {
        return;
    }
    let folder = scratch("check-dni");
    fs::create_dir(&folder).expect("a folder");
    let file = folder.join("mine.py");
    fs::write(&file, "dni = \"04681357\"\nint(dni + \"P\")  # 04681357\n").expect("a file");
    let mut command = socklab("check submit client --dni 04681357 -- python3");
    command.arg(&file);
    let said = stdout(&pipe(command, "").code(1));
    assert!(said.contains("'********P'"), "{said}");
    assert!(said.contains("# ********"), "{said}");
    assert!(!said.contains("4681357"), "{said}");
}
