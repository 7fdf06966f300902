//! `timeline`: what it prints, what it writes, and what it refuses.

use std::fs;

use crate::common::{pipe, run, scratch, socklab, stderr, stdout};

#[test]
fn one_chart_for_each_model_that_was_asked_for() {
    let shown = stdout(&run("timeline echo --models mio,blocking").success());
    let titles: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("echo on "))
        .map(|line| line.split(',').next().unwrap_or(line))
        .collect();
    assert_eq!(titles, ["echo on mio", "echo on blocking"]);
    // Where each waits, and which figure that is.
    for (figure, wait) in [
        (" 6.3  ", "poll: waits until any socket has something"),
        (" 6.1  ", "receive: "),
    ] {
        let waits = |line: &str| line.contains(&format!("{figure}{wait}"));
        assert!(shown.lines().any(waits), "{wait} in\n{shown}");
    }
    // The student's number stays out of it.
    let shown = stdout(&run("timeline submit --models blocking").success());
    assert!(!shown.contains("12345678"), "{shown}");
}

#[test]
fn in_spanish_and_in_ascii() {
    let shown = stdout(&run("timeline message --models blocking --ascii --lang es").success());
    assert!(shown.starts_with("message con blocking, "), "{shown}");
    assert!(shown.contains("\nnúcleo "), "{shown}");
    assert!(!shown.contains(['█', '▓', '░']), "{shown}");
}

#[test]
fn diagrams_between_fences() {
    let shown = stdout(&run("timeline welcome --models blocking,mio --format mermaid").success());
    let diagrams = shown.matches("```mermaid\nsequenceDiagram\n").count();
    assert_eq!(
        (diagrams, shown.matches("```\n").count()),
        (2, 2),
        "{shown}"
    );
}

#[test]
fn pictures_and_traces_in_files() {
    for (format, extension, begins) in [
        ("svg", "svg", "<svg "),
        ("chrome", "json", "{\"displayTimeUnit\":\"ms\""),
    ] {
        let file = scratch(format).with_extension(extension);
        let mut command = socklab("timeline message --models mio");
        command
            .args(["--format", format])
            .arg("--output")
            .arg(&file);
        let ended = pipe(command, "").success().stdout_eq("");
        assert_eq!(stderr(&ended), format!("wrote {}\n", file.display()));
        let written = fs::read_to_string(&file).expect("a file");
        assert!(written.starts_with(begins), "{written}");
        assert!(written.contains("kernel"), "{written}");
    }
}

/// Without --format the file's extension tells it.
#[test]
fn a_file_has_the_format_of_its_extension() {
    for (extension, begins) in [
        ("svg", "<svg "),
        ("json", "{\"displayTimeUnit\":\"ms\""),
        ("md", "```mermaid\n"),
        ("txt", "message on mio, "),
    ] {
        let file = scratch("by extension").with_extension(extension);
        let mut command = socklab("timeline message --models mio");
        command.arg("--output").arg(&file);
        pipe(command, "").success().stdout_eq("");
        let written = fs::read_to_string(&file).expect("a file");
        assert!(written.starts_with(begins), "{extension}: {written}");
    }
}

#[test]
fn a_file_that_cannot_be_written() {
    let nowhere = scratch("no folder").join("chart.svg");
    let mut command = socklab("timeline message --models mio --format svg");
    command.arg("--output").arg(&nowhere);
    let said = stderr(&pipe(command, "").code(1).stdout_eq(""));
    assert!(
        said.starts_with(&format!("{}: ", nowhere.display())),
        "{said}"
    );
}

#[test]
fn what_there_is_not() {
    for command in [
        "timeline",
        "timeline otp",
        "timeline echo --models threads",
        "timeline echo --format png",
    ] {
        let ended = run(command).code(2).stdout_eq("");
        assert!(!stderr(&ended).is_empty(), "{command}");
    }
}
