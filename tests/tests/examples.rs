//! Proves that what `docs/` tells a newcomer to write works: the exercise `reverse` on every
//! runtime, and the runtime on `polling` in every exercise; and that the pages quote what is there.

// As in `core`, where `reverse` would live.
extern crate alloc;

#[expect(unreachable_pub, reason = "it is written as a crate is")]
#[path = "../../docs/examples/poll_runtime.rs"]
mod poll_runtime;
#[expect(unreachable_pub, reason = "it is written as a file of core is")]
#[path = "../../docs/examples/reverse.rs"]
mod reverse;

mod exercise {
    use std::io::Cursor;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::thread;

    use socklab_async::AsyncStd;
    use socklab_blocking::Blocking;
    use socklab_core::Status;
    use socklab_core::lab::{ServerKind, Settings};
    use socklab_core::transcript::Role;
    use socklab_mio::Mio;
    use socklab_system::{Backend, Run};
    use socklab_tests::real::unix;
    use socklab_tests::{Recording, Screen, assert_transcript, read};
    use socklab_tokio::Tokio;

    use crate::poll_runtime::Polling;
    use crate::reverse::EXERCISE;

    /// What the client's user saw, and the canonical transcripts of both ends.
    fn play<B: Backend>() -> (Vec<String>, String, String) {
        let set_up = |role| {
            let typed = EXERCISE.scene.lines(role, 0).join("\n");
            let (screen, recording) = (
                Screen::new(),
                Recording::new("reverse", role, B::NAME, unix()),
            );
            let run = Run::new(screen.clone(), recording.clone());
            let run = run.with_lines(Cursor::new(typed));
            (screen, recording, Arc::new(run))
        };
        let ServerKind::Endpoint(make) = EXERCISE.server else {
            panic!("it is a UDP server");
        };
        let (screen, server, run) = set_up(Role::Server);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let machine = make(&Settings::default());
        let serving = thread::spawn(move || B::serve_datagrams(any, machine, &run));
        let address = screen.ready();
        let (screen, client, run) = set_up(Role::Client);
        let machine = (EXERCISE.client)(&Settings::client(&EXERCISE, address));
        assert_eq!(B::client(machine, &run), Status::Done);
        assert_eq!(serving.join().unwrap(), Status::Done);
        let canonical = |recording: &Recording| read(&recording.wait_ended(1)[0]).canonical();
        (screen.shown(), canonical(&client), canonical(&server))
    }

    /// Plays it, and asserts what its user sees and what both ends do: the same on every runtime.
    fn reverses<B: Backend>() {
        let (shown, client, server) = play::<B>();
        assert_eq!(shown, ["roma", "údnañ", "NIF"]);
        assert_transcript("reverse", Role::Client, &client);
        assert_transcript("reverse", Role::Server, &server);
    }

    #[test]
    fn reverse_on_threads() {
        reverses::<Blocking>();
    }

    #[test]
    fn reverse_on_async_std() {
        reverses::<AsyncStd>();
    }

    #[test]
    fn reverse_on_mio() {
        reverses::<Mio>();
    }

    #[test]
    fn reverse_on_tokio() {
        reverses::<Tokio>();
    }

    #[test]
    fn reverse_on_polling() {
        reverses::<Polling>();
    }
}

mod runtime {
    use std::net::{IpAddr, Ipv4Addr};

    use socklab_blocking::Blocking;
    use socklab_core::lab::EXERCISES;
    use socklab_tests::real::play;

    use crate::poll_runtime::Polling;

    socklab_tests::backend_tests!(Polling, races);

    #[test]
    fn plays_every_exercise_with_itself_and_with_another() {
        for exercise in EXERCISES {
            let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
            play::<Polling, Polling>(exercise, ip);
            play::<Polling, Blocking>(exercise, ip);
            play::<Blocking, Polling>(exercise, ip);
        }
    }
}

mod pages {
    use std::fs;
    use std::path::Path;

    /// Every block of Rust in the page stands in one of the files, line by line.
    fn quotes(page: &str, files: &[&str]) {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let read = |path: &str| {
            let text = fs::read_to_string(docs.join(path));
            text.unwrap_or_else(|error| panic!("docs/{path}: {error}"))
        };
        let page = read(page);
        let files: Vec<String> = files.iter().map(|file| read(file)).collect();
        let blocks: Vec<&str> = page
            .split("```rust\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
            .collect();
        assert!(!blocks.is_empty());
        for block in blocks {
            assert!(
                files.iter().any(|file| file.contains(block)),
                "not in the example any more:\n{block}"
            );
        }
    }

    #[test]
    fn add_an_exercise_quotes_what_is_there() {
        quotes("add-an-exercise.md", &["examples/reverse.rs"]);
    }

    /// The five models, each with its wait.
    #[test]
    fn models_quotes_what_is_there() {
        let files = [
            "../blocking/src/conversation.rs",
            "../cli/src/processes.rs",
            "../multiplexing/src/nonblocking.rs",
            "../multiplexing/src/select.rs",
            "../multiplexing/src/poll.rs",
            "../multiplexing/src/epoll_level.rs",
            "../system/src/datagram/unix.rs",
            "../mio-backend/src/model.rs",
            "../signal-driven/src/model.rs",
            "../uring/src/model.rs",
        ];
        quotes("models.md", &files);
    }

    #[test]
    fn add_a_runtime_quotes_what_is_there() {
        quotes("add-a-runtime.md", &["examples/poll_runtime.rs"]);
    }
}
