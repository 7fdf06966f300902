//! The scripts that shells complete the command with.

use std::fs;
use std::process::Command;

use crate::common::{run, scratch, stdout};

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

#[test]
fn every_shell_has_a_script_with_every_command() {
    for shell in SHELLS {
        let script = stdout(&run(&format!("completions {shell}")).success());
        for word in ["echo", "welcome", "otp", "compare", "keep-serving"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        // What only the command itself calls is not offered.
        assert!(!script.contains("measured-server"), "{shell}");
    }
}

/// Bash takes its script, and completes with it as a user would.
#[test]
fn bash_completes() {
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("skipped: there is no bash");
        return;
    }
    let script = scratch("completions");
    fs::write(&script, stdout(&run("completions bash").success())).unwrap();
    for (typed, offered) in [
        ("socklab ec", "echo"),
        ("socklab echo cl", "client"),
        ("socklab echo client --tim", "--timeout"),
        ("socklab echo client --runtime blocking-p", "blocking-pool"),
    ] {
        let words: Vec<&str> = typed.split(' ').collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let ask = format!(
            "source '{}'; COMP_WORDS=({typed}); COMP_CWORD={}; _socklab socklab '{last}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.len() - 1,
        );
        let ended = Command::new("bash").args(["-c", &ask]).output().unwrap();
        let shown = String::from_utf8_lossy(&ended.stdout);
        assert!(
            shown.lines().any(|line| line == offered),
            "{typed}: {shown}"
        );
    }
}
