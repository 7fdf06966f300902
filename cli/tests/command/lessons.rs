//! Lessons: a prediction, a measurement, and both side by side. What is measured differs from
//! machine to machine and is not asserted where time decides it.

#[cfg(target_os = "linux")]
use std::fs;
use std::thread;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use crate::common::{PATIENCE, Process};
use crate::common::{pipe, run, socklab, stderr, stdout};

/// A lesson, an answer to it, and what stands in its table and in its explanation.
struct Case {
    name: &'static str,
    answer: &'static str,
    shown: &'static str,
    rows: &'static [&'static str],
    source: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "start-order",
        answer: "a",
        shown: "a  neither",
        rows: &["welcome: TCP connect", "plain UDP", "message: ", "echo: "],
        source: "RFC 9293",
    },
    Case {
        name: "stream",
        answer: "d",
        shown: "d  no: both happen",
        rows: &["         1           1 ", "        10        1000 "],
        source: "Nagle",
    },
    Case {
        name: "ports",
        answer: "1",
        shown: "1",
        rows: &["welcome: ", "TCP: ", "UDP: "],
        source: "RFC 6056",
    },
    Case {
        name: "spin",
        answer: "B",
        shown: "b  only nonblocking",
        rows: &["nonblocking ", "mio "],
        source: "6.2",
    },
    Case {
        name: "select",
        answer: "40",
        shown: "40",
        rows: &["mio  "],
        source: "Kerrisk",
    },
    #[cfg(target_os = "linux")]
    Case {
        name: "level-edge",
        answer: "D",
        shown: "d  all of them: there is something to read",
        rows: &["select ", "poll ", "epoll ", "epoll, EPOLLET "],
        source: "Banga",
    },
    Case {
        name: "head-of-line",
        answer: "D)",
        shown: "d  in all three",
        rows: &["blocking-iterative ", "blocking ", "mio "],
        source: "Stevens",
    },
    Case {
        name: "slow-request",
        answer: "b",
        shown: "b  only in the event loops: mio and uring",
        rows: &["blocking ", "tokio ", "mio "],
        source: "Flash",
    },
    #[cfg(target_os = "linux")]
    Case {
        name: "fork",
        answer: "20",
        shown: "20",
        rows: &[
            "blocking-iterative ",
            "blocking-process ",
            "blocking-prefork ",
        ],
        source: "30.1",
    },
    Case {
        name: "c10k",
        answer: "2,5",
        shown: "2.50",
        rows: &["blocking ", "async-std ", "tokio ", "mio "],
        source: "Kegel",
    },
    Case {
        name: "batching",
        answer: "0.5",
        shown: "0.500",
        rows: &["blocking ", "blocking-batched ", "mio-batched "],
        source: "UDP_SEGMENT",
    },
    Case {
        name: "coordinated-omission",
        answer: "b",
        shown: "b  only the closed loop's",
        rows: &["closed loop ", "open loop "],
        source: "Tene",
    },
];

fn on_every_lesson(test: impl Fn(&Case) + Sync) {
    thread::scope(|scope| {
        for case in CASES {
            let test = &test;
            let name = case.name.to_owned();
            let thread = thread::Builder::new().name(name);
            thread
                .spawn_scoped(scope, move || test(case))
                .expect("a thread");
        }
    });
}

/// The set-up and the question, then the prediction against the result, the table, why, and what
/// next.
#[test]
fn a_prediction_is_shown_against_what_was_measured() {
    on_every_lesson(|case| {
        let (name, answer) = (case.name, case.answer);
        let ended = run(&format!("lesson {name} --quick --predict {answer}")).success();
        let said = stdout(&ended);
        let mut rest = said.as_str();
        for part in [
            &format!("{name}: "),
            "?\n",
            &format!("\nPredicted:  {}\n", case.shown),
            "Measured:   ",
        ] {
            let (_, after) = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("no {part:?} in its place:\n{said}"));
            rest = after;
        }
        for row in case.rows {
            let there = rest
                .lines()
                .any(|line| line.starts_with(&format!("  {row}")));
            assert!(there, "no row {row:?}:\n{said}");
        }
        let (_, why) = rest.split_once("\nWhy\n").expect("why");
        let (why, next) = why.split_once("\nTry next\n").expect("what next");
        assert!(why.contains(case.source), "{why}");
        assert!(next.starts_with("  socklab "), "{next}");
        assert!(
            said.lines().all(|line| line.chars().count() <= 110),
            "{said}"
        );
        assert!(stderr(&ended).starts_with("measuring: "), "{name}");
    });
}

/// The input ends: nothing is predicted, and it is measured all the same. In Spanish.
#[test]
fn without_a_prediction() {
    on_every_lesson(|case| {
        let name = case.name;
        let ended = run(&format!("lesson {name} --quick --lang es")).success();
        let said = stdout(&ended);
        for part in [
            "\nPredicho:  no se ha hecho ninguna predicción\nMedido:    ",
            "\nPor qué\n",
            case.source,
            "\nPruebe después\n  socklab ",
        ] {
            assert!(said.contains(part), "no {part:?}:\n{said}");
        }
        for id in ["lesson-", "Predicted", "ha predicho."] {
            let said = said.replace("socklab lesson ", "").replace("\n\n", "\n");
            assert!(!said.contains(id), "{id:?}:\n{said}");
        }
    });
}

/// The first line that is an answer is the prediction; what is none is said.
#[test]
fn a_prediction_that_is_typed() {
    let ended = pipe(socklab("lesson ports --quick"), "many\n 5 \n7\n").success();
    let said = stdout(&ended);
    // However busy the computer is, a connection has a port of its own.
    let verdict = "\nPredicted:  5\nMeasured:   5\nIt is as you predicted.\n";
    assert!(said.contains(verdict), "{said}");
    assert_eq!(
        stderr(&ended).lines().next(),
        Some("\"many\" is not an answer to this lesson: give a number")
    );
}

/// A wrong one is told how wrong it is.
#[test]
fn a_wrong_prediction() {
    let said = stdout(&run("lesson ports --quick --predict 1").success());
    let verdict =
        "\nPredicted:  1\nMeasured:   5\nIt is not as you predicted: off by a factor of 5.0.\n";
    assert!(said.contains(verdict), "{said}");

    // TCP refuses at once on every system; what a UDP client is told is the system's.
    let said = stdout(&run("lesson start-order --quick --predict a").success());
    assert!(said.contains("\nIt is not as you predicted.\n"), "{said}");
}

/// What the lab asks students to notice does not depend on how busy the computer is.
#[test]
fn what_a_client_without_a_server_learns() {
    let said = stdout(&run("lesson start-order --quick").success());
    let row = |name: &str| {
        let start = format!("  {name}");
        let line = said.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no {name}:\n{said}"));
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let tcp = row("welcome: TCP connect");
    assert_eq!(
        (tcp[1].as_str(), &tcp[3..]),
        ("refused", &["no".to_owned(), "yes".to_owned()][..])
    );
    if cfg!(target_os = "linux") {
        assert_eq!(row("plain UDP: sendto, close")[1], "nothing");
        assert_eq!(
            row("message: UDP connect, send")[1],
            "refused, after it had sent"
        );
        assert_eq!(row("echo: UDP, waits for a reply")[1], "refused");
    }
}

/// A stream has no messages: however busy the computer is, what waits together is read together,
/// and what does not fit comes in pieces.
#[test]
fn a_send_is_not_a_recv() {
    let said = stdout(&run("lesson stream --quick --predict a").success());
    let verdict = "\nMeasured:   d  no: both happen\nIt is not as you predicted.\n";
    assert!(said.contains(verdict), "{said}");
}

#[test]
fn lessons_are_listed() {
    let listed = stdout(
        &run("lesson")
            .success()
            .stderr_eq("start one with its name, as in: socklab lesson head-of-line\n"),
    );
    run("lesson --quiet").success().stdout_eq("").stderr_eq("");
    run("lesson stream --quick --quiet")
        .success()
        .stdout_eq("")
        .stderr_eq("");
    assert_eq!(stdout(&run("lesson --list").success()), listed);
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // In the order of the course.
    let cases: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names, cases);
    assert!(listed.lines().all(|line| line.ends_with('?')), "{listed}");
}

#[test]
fn what_is_not_an_answer_or_not_a_lesson() {
    let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    let unknown = format!(
        "[LESSON] does not take \"quantum\": use {} — see: socklab lesson --help\n",
        names.join(", ")
    );
    for (words, says) in [
        (
            "lesson ports --predict some",
            "\"some\" is not an answer to this lesson: give a number\n",
        ),
        (
            "lesson start-order --predict e",
            "\"e\" is not an answer to this lesson: give a, b, c, d\n",
        ),
        ("lesson quantum", &unknown),
    ] {
        run(words).code(2).stdout_eq("").stderr_eq(says);
    }
}

/// Who is told again does not depend on how busy the computer is.
#[test]
#[cfg(target_os = "linux")]
fn an_edge_is_told_once() {
    let said = stdout(&run("lesson level-edge --quick --predict b").success());
    assert!(said.contains("\nIt is as you predicted.\n"), "{said}");
    let row = |name: &str| {
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("  {name}  ")));
        let line = line.unwrap_or_else(|| panic!("no {name}:\n{said}"));
        let words: Vec<&str> = line
            .trim_start_matches(&format!("  {name}"))
            .split_whitespace()
            .collect();
        words.join(" ")
    };
    for level in ["select", "poll", "epoll"] {
        assert_eq!(row(level), "level yes yes yes 5");
    }
    assert_eq!(row("epoll, EPOLLET"), "edge yes no yes 5");
}

/// Nor how many calls a server makes that is asked one at a time, or many at once.
#[test]
#[cfg(target_os = "linux")]
fn many_datagrams_with_one_call() {
    let said = stdout(&run("lesson batching --quick").success());
    let each = |model: &str, at_once: &str| -> f64 {
        let rows = said
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut rows = rows.filter(|row| row.len() == 7 && row[..2] == [model, at_once]);
        rows.next()
            .and_then(|row| row[5].parse().ok())
            .expect("a row")
    };
    for model in ["blocking", "blocking-batched"] {
        assert!((1.9..2.2).contains(&each(model, "1")), "{said}");
    }
    assert!((1.9..2.2).contains(&each("blocking", "32")), "{said}");
    assert!(each("blocking-batched", "32") <= 0.1, "{said}");
}

/// Linux divides a core between sessions: a server must not take its load's part.
#[test]
#[cfg(target_os = "linux")]
fn a_server_has_a_session_of_its_own() {
    let lesson = Process::start(socklab("lesson c10k --quick --predict 5"));
    let children = format!("/proc/{0}/task/{0}/children", lesson.id());
    let has_own_session = |child: &str| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // The state, the parent, the process group and the session follow the name.
        let fields = stat.rsplit_once(')').unwrap_or_default().1;
        fields.split_whitespace().nth(3) == Some(child)
    };
    let begun = Instant::now();
    loop {
        let servers = fs::read_to_string(&children).unwrap_or_default();
        if servers.split_whitespace().any(has_own_session) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "no server in another session");
        thread::sleep(Duration::from_millis(1));
    }
}
