//! The language that a program is written in, as far as its command shows it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Start;
use super::interpreter::with_ending;

/// The language of a program. Advice is worded for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramLanguage {
    /// Python.
    Python,
    /// Java.
    Java,
    /// C, or another language that is compiled: a binary does not say which.
    C,
    /// The command does not show it.
    Unknown,
}

impl Start {
    /// The language of the program.
    pub fn language(&self) -> ProgramLanguage {
        let first = self.command.first().map(Path::new);
        let name = first.and_then(Path::file_stem).unwrap_or_default();
        let name = name.to_string_lossy();
        let ends = |endings: &[&str]| {
            let mut words = self.command.iter().map(Path::new);
            words.any(|word| {
                let ending = word.extension().and_then(OsStr::to_str);
                ending.is_some_and(|ending| endings.contains(&ending))
            })
        };
        if self.script().is_some() || name.starts_with("python") || name == "py" {
            ProgramLanguage::Python
        } else if name == "java" || ends(&["java", "jar"]) {
            ProgramLanguage::Java
        } else if ends(&["c"]) {
            ProgramLanguage::C
        } else {
            let file = self.compiled();
            file.map_or(ProgramLanguage::Unknown, |file| of_file(&file))
        }
    }
}

/// The language of a file that is run by its path.
fn of_file(file: &Path) -> ProgramLanguage {
    let mut head = Vec::new();
    let read = with_ending(file).and_then(|file| File::open(file).ok());
    let read = read.and_then(|file| file.take(64).read_to_end(&mut head).ok());
    // Linux, Windows and macOS.
    let binaries: [&[u8]; 3] = [b"\x7fELF", b"MZ", &[0xcf, 0xfa, 0xed, 0xfe]];
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let script = first
        .starts_with(b"#!")
        .then(|| String::from_utf8_lossy(first));
    match (read, script) {
        (Some(_), Some(script)) if script.contains("python") => ProgramLanguage::Python,
        (Some(_), Some(script)) if script.contains("java") => ProgramLanguage::Java,
        (Some(_), None) if binaries.iter().any(|one| head.starts_with(one)) => ProgramLanguage::C,
        _ => ProgramLanguage::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_or_its_file_shows_the_language() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in [
            ("server.py", &b"import socket\n"[..]),
            ("server", b"\x7fELF\x02"),
            ("script", b"#!/usr/bin/env python3\n"),
            ("shell", b"#!/bin/sh\nexec python3 server.py\n"),
        ] {
            std::fs::write(folder.path().join(name), bytes).expect("a file");
        }
        for (command, language) in [
            ("python3 server.py", ProgramLanguage::Python),
            ("py -m server", ProgramLanguage::Python),
            ("uv run server.py", ProgramLanguage::Python),
            ("./script", ProgramLanguage::Python),
            ("java Server", ProgramLanguage::Java),
            ("/usr/bin/java -cp . Server 16000", ProgramLanguage::Java),
            ("jbang Server.java", ProgramLanguage::Java),
            ("./server 16000", ProgramLanguage::C),
            ("tcc -run server.c", ProgramLanguage::C),
            ("./shell", ProgramLanguage::Unknown),
            ("./missing", ProgramLanguage::Unknown),
            ("node server.js", ProgramLanguage::Unknown),
        ] {
            let start = Start {
                command: command.split(' ').map(Into::into).collect(),
                folder: Some(folder.path().to_owned()),
            };
            assert_eq!(start.language(), language, "{command}");
        }
    }
}
