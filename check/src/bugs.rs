//! Short wrong programs, at least one for every cause, each with its fix.
//!
//! A class can look at them, and the tests check them: each must get its cause and no other.

use socklab_core::transcript::Role;

/// A wrong program with its fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// The name of the program.
    pub name: &'static str,
    wrong: &'static str,
}

impl Bug {
    /// The exercise's name.
    pub fn exercise(&self) -> &'static str {
        self.end().split(' ').next().unwrap_or_default()
    }

    /// Which end of the exercise it is.
    pub fn role(&self) -> Role {
        match self.end().ends_with(" server") {
            true => Role::Server,
            false => Role::Client,
        }
    }

    /// The code of its cause.
    pub fn cause(&self) -> &'static str {
        let title = self.title().1;
        title.split_once(", ").map_or(title, |(cause, _)| cause)
    }

    /// The name of the wrong program's file, if that is what is wrong.
    pub fn file(&self) -> Option<&'static str> {
        Some(self.title().1.split_once(", ")?.1)
    }

    /// The exercise's name, and which end it is if there are two.
    pub fn end(&self) -> &'static str {
        self.title().0
    }

    fn title(&self) -> (&'static str, &'static str) {
        let first = self.wrong.lines().next().unwrap_or_default();
        let title = first.trim_start_matches("# ").split_once(": ");
        title.unwrap_or_default()
    }

    /// The wrong program.
    pub fn wrong(&self) -> &'static str {
        without_title(self.wrong)
    }

    /// The right program.
    pub fn cure(&self) -> &'static str {
        let cure_of = |name| CURES.iter().find(|(of, _)| *of == name);
        let cure = cure_of(self.name).or_else(|| cure_of(self.end()));
        without_title(cure.map_or("", |(_, text)| text))
    }
}

fn without_title(text: &'static str) -> &'static str {
    text.split_once('\n').map_or(text, |(_, rest)| rest)
}

macro_rules! bugs {
    ($($name:literal,)*) => {
        /// Every bug, by name.
        pub const BUGS: &[Bug] = &[$(Bug {
            name: $name,
            wrong: include_str!(concat!("../tests/bugs/", $name, ".py")),
        },)*];
    };
}

macro_rules! cures {
    ($($of:literal => $file:literal,)*) => {
        /// The right program of each end, and of a bug that has a fix of its own.
        const CURES: &[(&str, &str)] = &[
            $(($of, include_str!(concat!("../tests/bugs/", $file)))),*
        ];
    };
}

cures! {
    "capitals client" => "cures/capitals_client.py",
    "capitals server" => "cures/capitals_server.py",
    "chat client" => "cures/chat_client.py",
    "chat server" => "cures/chat_server.py",
    "echo client" => "cures/echo_client.py",
    "echo server" => "cures/echo_server.py",
    "message client" => "cures/message_client.py",
    "message server" => "cures/message_server.py",
    "otp" => "cures/otp.py",
    "submit client" => "cures/submit_client.py",
    "submit server" => "cures/submit_server.py",
    "welcome client" => "cures/welcome_client.py",
    "welcome server" => "cures/welcome_server.py",
    "accepts-old-code" => "accepts-old-code.cure.py",
    "accepts-old-code-server" => "accepts-old-code-server.cure.py",
    "dni-letter-otp" => "dni-letter-otp.cure.py",
    "extra-zeros" => "extra-zeros.cure.py",
    "not-closed" => "not-closed.cure.py",
    "pyotp-refuses-dni" => "pyotp-refuses-dni.cure.py",
    "wrong-secret" => "wrong-secret.cure.py",
}

bugs! {
    "accepts-old-code",
    "accepts-old-code-server",
    "address-in-use",
    "address-not-a-pair",
    "address-not-a-pair-chat",
    "answers-strangers",
    "ascii-only-capitals",
    "bytes-compared",
    "bytes-compared-server",
    "closes-before-reading",
    "code-lost-zeros",
    "code-lost-zeros-otp",
    "code-lost-zeros-verify",
    "crash-on-accents",
    "crash-on-accents-chat",
    "crash-on-accents-message",
    "deadlock",
    "deadlock-welcome",
    "dies-on-empty",
    "dies-on-empty-chat",
    "dies-on-empty-message",
    "dies-on-reset",
    "dies-on-timeout",
    "dies-on-timeout-welcome",
    "dni-letter",
    "dni-letter-otp",
    "echo-leftover",
    "empty-read-loop",
    "empty-read-loop-welcome",
    "extra-newline",
    "extra-newline-capitals",
    "extra-newline-client",
    "extra-newline-welcome",
    "extra-zeros",
    "extra-reply",
    "fin-any-case-chat",
    "fin-case",
    "fin-case-chat",
    "fin-case-client",
    "fin-case-server",
    "fin-not-sent",
    "fin-not-sent-capitals",
    "fin-not-sent-client",
    "fin-not-sent-echo",
    "fin-not-sent-server",
    "hard-coded-answer",
    "hard-coded-answer-otp",
    "hard-coded-secret",
    "input-outside-loop",
    "late-fin-check",
    "late-fin-check-server",
    "listen-on-udp",
    "listener-used",
    "loopback-only",
    "loopback-only-capitals",
    "loopback-only-chat",
    "loopback-only-message",
    "loopback-only-submit",
    "missing-brackets",
    "missing-newline",
    "missing-newline-server",
    "module-missing",
    "never-binds",
    "never-calls-listen",
    "never-checks-fin",
    "never-checks-fin-capitals",
    "never-checks-fin-chat",
    "never-checks-fin-client",
    "never-checks-fin-server",
    "never-connects",
    "no-loop",
    "no-loop-chat",
    "not-capitalised",
    "not-closed",
    "not-closed-capitals",
    "not-flushed",
    "number-not-text",
    "one-fin-client",
    "one-fin-client-own",
    "one-fin-server",
    "one-fin-server-peer",
    "one-recv",
    "one-recv-capitals",
    "one-recv-welcome",
    "one-word",
    "one-word-capitals",
    "pyotp-refuses-dni",
    "pyotp-refuses-dni-otp",
    "quoted-names",
    "receives-again",
    "receives-again-client",
    "reply-elsewhere",
    "reply-elsewhere-chat",
    "reply-elsewhere-self",
    "repr-sent",
    "repr-sent-submit",
    "repr-shown",
    "repr-shown-chat",
    "repr-shown-message",
    "serves-once",
    "several-sends",
    "several-sends-message",
    "shadowed-module",
    "small-buffer",
    "small-buffer-client",
    "small-buffer-message",
    "spaces-lost",
    "spaces-lost-capitals",
    "spaces-lost-capitals-client",
    "spaces-lost-client",
    "stale-code",
    "str-not-bytes",
    "str-not-bytes-client",
    "str-not-bytes-otp",
    "str-not-bytes-submit",
    "swapped-case",
    "syntax-error",
    "turn-broken",
    "turn-broken-server",
    "two-answers-server",
    "unknown-name",
    "waits-for-eof",
    "waits-for-eof-server",
    "waits-for-newline",
    "waits-for-newline-server",
    "wrong-encoding",
    "wrong-encoding-ignored",
    "wrong-encoding-submit",
    "wrong-interpreter",
    "wrong-order",
    "wrong-port",
    "wrong-port-client",
    "wrong-port-message",
    "wrong-port-submit",
    "wrong-port-welcome",
    "wrong-protocol",
    "wrong-protocol-client",
    "wrong-protocol-submit",
    "wrong-protocol-welcome",
    "wrong-secret",
    "wrong-secret-otp",
    "wrong-separator",
    "wrong-uri",
}
