//! Folders as students hand them in.

use super::*;

fn put(folder: &Path, name: &str) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, "").expect("written");
}

fn found(folder: &Path) -> Vec<String> {
    let all = practicals(folder, &[]).expect("a folder");
    let said = |part: &Part| match &part.program {
        Ok(start) => {
            let last = start.command.last().cloned().unwrap_or_default();
            last.to_string_lossy().into_owned()
        }
        Err(error) => error.code().to_owned(),
    };
    let line = |one: &Practical, part: &Part| {
        let folder = one.folder.file_name().unwrap_or_default().to_string_lossy();
        let (exercise, role) = (part.exercise.name, part.role.name());
        format!("{folder}: {exercise} {role} {}", said(part))
    };
    all.iter()
        .flat_map(|one| one.parts.iter().map(move |part| line(one, part)))
        .collect()
}

#[test]
fn names_say_what_a_program_is() {
    let of = |name: &str| meant(Path::new(name)).map(|(one, role)| (one.name, role));
    for (name, end) in [
        ("UDP_server.py", Some(("echo", Role::Server))),
        ("TCPclient.py", Some(("welcome", Role::Client))),
        ("ChatCliente.py", Some(("chat", Role::Client))),
        ("servidor_chat_UDP.py", Some(("chat", Role::Server))),
        ("cliente_otp.py", Some(("submit", Role::Client))),
        ("TCP_submit_client.c", Some(("submit", Role::Client))),
        ("otp.py", Some(("otp", Role::Client))),
        ("pyotp_qr.py", Some(("otp", Role::Client))),
        ("cliente.py", None),
        ("chat.py", None),
        ("chat_client.txt", None),
        ("chat_client_y_server.py", None),
    ] {
        assert_eq!(of(name), end, "{name}");
    }
}

#[test]
fn one_folder_is_one_practical() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("ana");
    for name in [
        "chat/chat_client.py",
        "chat/chat_server.py",
        "otp.py",
        "envio/submit_client.c",
        "__pycache__/chat_client.py",
        "venv/chat_client.py",
        "msg_client.py",
        "notas.txt",
    ] {
        put(&at, name);
    }
    let whole = &practicals(&at, &[]).expect("a folder")[0];
    assert_eq!(whole.unknown, [at.join("msg_client.py")]);
    let all = [
        "ana: chat client chat_client.py",
        "ana: chat server chat_server.py",
        "ana: otp client otp.py",
        "ana: submit client source",
    ];
    assert_eq!(found(&at), all);
    put(&at, "copia_chat_client.py");
    assert!(found(&at).contains(&"ana: chat client several".to_owned()));
}

#[test]
fn a_folder_for_each_student() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "ana/p1/chat_client.py");
    put(folder.path(), "luis/chat_client.py");
    put(folder.path(), "vacia/notas.txt");
    let all = [
        "ana: chat client chat_client.py",
        "ana: chat server missing",
        "ana: submit client missing",
        "luis: chat client chat_client.py",
        "luis: chat server missing",
        "luis: submit client missing",
    ];
    assert_eq!(found(folder.path()), all);
}

#[test]
fn a_map_says_what_names_do_not() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "ana/c.py");
    put(folder.path(), "luis/c.py");
    put(folder.path(), "luis/x_chat_client.py");
    let mapped = MapEntry {
        exercise: CheckedExercise::find("chat").expect("an exercise"),
        role: Role::Client,
        command: ["python3", "c.py"].map(str::to_owned).to_vec(),
    };
    let all = practicals(folder.path(), &[mapped]).expect("a folder");
    assert!(all.iter().all(|one| one.unknown.is_empty()), "{all:?}");
    let client = |one: &Practical| one.parts[0].program.clone().map(|start| start.command);
    let words = Ok(vec!["python3".into(), "c.py".into()]);
    assert_eq!(
        all.iter().map(client).collect::<Vec<_>>(),
        [words.clone(), words]
    );
}
