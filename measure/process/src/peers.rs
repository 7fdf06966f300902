//! Servers in other languages, which come with the lab.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

const THREADING: &str = include_str!("../peers/threading_server.py");
const ASYNCIO: &str = include_str!("../peers/asyncio_server.py");
const C: &str = include_str!("../peers/server.c");

/// A server in another language, ready to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The peer's name.
    pub name: &'static str,
    /// The program and its arguments, which contain `{exercise}` and `{port}`.
    pub command: Vec<String>,
}

/// Why a peer cannot be used.
#[derive(Debug)]
pub struct Missing {
    /// The peer's name.
    pub name: &'static str,
    /// The program that it needs.
    pub needs: &'static str,
    /// What the system or that program said.
    pub error: io::Error,
}

/// Writes the peers' sources into a folder, and compiles those in C. A peer is [`Missing`] if this
/// machine has no Python or no C compiler for it.
pub fn peers(folder: &Path) -> Vec<Result<Peer, Missing>> {
    let python = |name: &'static str, file: &str, text: &str| {
        let path = folder.join(file);
        let have = std::fs::write(&path, text)
            .and_then(|()| have(Command::new("python3").arg("--version")));
        let command = ["python3", &path.to_string_lossy(), "{exercise}", "{port}"];
        let peer = Peer {
            name,
            command: command.map(str::to_owned).to_vec(),
        };
        have.map(|()| peer).map_err(|error| Missing {
            name,
            needs: "python3",
            error,
        })
    };
    vec![
        python("python-threading", "threading_server.py", THREADING),
        python("python-asyncio", "asyncio_server.py", ASYNCIO),
        c(folder).map_err(|error| Missing {
            name: "c-epoll",
            needs: "cc",
            error,
        }),
    ]
}

fn c(folder: &Path) -> io::Result<Peer> {
    let (source, program) = (folder.join("server.c"), folder.join("c-server"));
    std::fs::write(&source, C)?;
    have(
        Command::new("cc")
            .args(["-O2", "-o"])
            .arg(&program)
            .arg(&source),
    )?;
    let command = [&program.to_string_lossy(), "{exercise}", "{port}"];
    Ok(Peer {
        name: "c-epoll",
        command: command.iter().map(ToString::to_string).collect(),
    })
}

/// Runs a program to its end. Fails if it cannot be run or fails.
fn have(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(io::Error::other(
                errors.lines().next().unwrap_or_default().to_owned(),
            ))
        }
    }
}
