//! After a failure: questions to the program whose answers prove a cause.

use socklab_core::transcript::Role;

use super::{Player, Stop, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose::{self, RECEIVES, SENDS};
use crate::program::{Patience, Start};
use crate::report::{Act, Reason};

impl Player<'_> {
    /// Something else came than what was expected.
    pub(super) fn wrong(&mut self, peer: &str, expected: &[u8], received: Vec<u8>) -> Stop {
        let question = match self.setup.role {
            Role::Server => self.sent.last(),
            Role::Client => None,
        };
        let exchange = diagnose::Exchange {
            exercise: self.setup.exercise.name,
            question: question.map(Vec::as_slice),
            expected,
            received: &received,
        };
        let begins = !received.is_empty() && expected.starts_with(&received);
        let mut cause = diagnose::payload(&exchange);
        if cause.is_none() && begins {
            let evidence = self.program.as_ref().map(|program| &program.evidence);
            cause = evidence.and_then(|evidence| diagnose::small_buffer(evidence, &received));
        }
        if cause.is_none() && self.answers_always(peer, &received) {
            cause = Some(Cause::HardCodedAnswer);
        }
        let symptom = match (begins, cause) {
            (true, None | Some(Cause::SmallBuffer)) => Symptom::Truncated,
            _ => Symptom::WrongReply,
        };
        self.fail_with(symptom, cause, Some(expected.to_vec()), Some(received))
    }

    /// Whether an echo server gives the same answer to two questions more.
    fn answers_always(&mut self, peer: &str, received: &[u8]) -> bool {
        let echoes = matches!(self.setup.exercise.name, "echo" | "capitals");
        if !echoes || self.setup.role != Role::Server || received.is_empty() {
            return false;
        }
        ["otra pregunta\n", "y otra distinta\n"]
            .iter()
            .all(|question| {
                let question = match self.wire.is_stream() {
                    true => question,
                    false => question.trim_end(),
                };
                self.ask(peer, question.as_bytes()).as_deref() == Some(received)
            })
    }

    /// Sends one question more, and waits for what comes.
    fn ask(&mut self, peer: &str, question: &[u8]) -> Option<Vec<u8>> {
        if self.wire.is_stream() {
            let stream = self.wire.stream(peer)?;
            stream.taken = stream.received.len();
        }
        self.wire.send(peer, question).ok()?;
        let mut answer = |player: &mut Self| {
            if !player.wire.is_stream() {
                return player.wire.datagram(peer);
            }
            let rest = player.wire.stream(peer)?.rest();
            (!rest.is_empty()).then(|| rest.to_vec())
        };
        match self.wait_until(&mut answer, Patience::is_over) {
            Waited::Ready(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The program says nothing, though it is its turn.
    pub(super) fn silent(&mut self, peer: &str, expected: &[u8]) -> Stop {
        let first = self.setup.role == Role::Client && self.heard.is_empty();
        if first && let Some(question) = self.asks_more() {
            return Stop::NotChecked(Reason::Asks(question));
        }
        self.waits();
        if let Some((cause, detail)) = self.went_elsewhere(peer) {
            let symptom = if first {
                Symptom::NoRequest
            } else {
                Symptom::NoReply
            };
            return self.fail(symptom, Some(cause)).detailed(Some(detail));
        }
        let symptom = if first {
            Symptom::NoRequest
        } else {
            Symptom::NoReply
        };
        let cause = self.why_silent(peer, first);
        let expected = (!expected.is_empty()).then(|| expected.to_vec());
        self.fail_with(symptom, cause, expected, None)
    }

    fn why_silent(&mut self, peer: &str, first: bool) -> Option<Cause> {
        let blocked = self.blocked();
        let receives = blocked
            .as_ref()
            .is_some_and(|event| RECEIVES.contains(&event.call.as_str()));
        let evidence = self.program.as_ref().map(|program| &program.evidence);
        let sent = evidence.is_some_and(|evidence| evidence.calls(&SENDS).next().is_some());
        let took = evidence.map_or(0, |evidence| evidence.calls(&RECEIVES).count());
        if evidence.is_some_and(diagnose::wrote_to_a_file) && receives && !sent {
            return Some(Cause::NotFlushed);
        }
        if evidence.is_some_and(diagnose::reads_nothing_for_ever) {
            return Some(Cause::EmptyReadLoop);
        }
        if receives && first && !sent {
            return Some(Cause::Deadlock);
        }
        // It has all that was sent, and waits for more though it is its turn to speak.
        if receives && self.setup.exercise.name == "chat" && took >= self.sent.len() && took > 0 {
            return Some(Cause::TurnBroken);
        }
        if self.wire.is_stream() && self.setup.role == Role::Server {
            if self.ask(peer, b"\n").is_some() {
                return Some(Cause::WaitsForNewline);
            }
            return self.waits_for_eof(peer).then_some(Cause::WaitsForEof);
        }
        None
    }

    /// Whether the program answers or closes once we send no more.
    fn waits_for_eof(&mut self, peer: &str) -> bool {
        let before = self.output_len();
        self.wire.finish(peer);
        let mut moved = |player: &mut Self| {
            let stream = player.wire.stream(peer)?;
            let moved = stream.ended || !stream.rest().is_empty();
            (moved || player.output_len() > before).then_some(())
        };
        matches!(
            self.wait_until(&mut moved, Patience::is_over),
            Waited::Ready(()) | Waited::Exited
        ) && !self.crashed()
    }

    /// The program's words went to another port or host, or by the other transport.
    fn went_elsewhere(&mut self, peer: &str) -> Option<(Cause, String)> {
        let client = self.setup.role == Role::Client;
        if client && self.wire.is_trapped() {
            let other = if self.wire.is_stream() { "UDP" } else { "TCP" };
            return Some((Cause::WrongProtocol, other.to_owned()));
        }
        let program = self.program.as_mut()?;
        program.evidence.read();
        let evidence = &program.evidence;
        if client {
            let mut calls = evidence.calls(&["connect", "connect_ex", "sendto"]);
            let to = calls.find_map(|event| event.to.clone())?;
            let port = to.rsplit_once(':')?.1.to_owned();
            let right = [self.setup.port.to_string(), self.given.port.clone()];
            return (!right.contains(&port)).then_some((Cause::WrongPort, port));
        }
        let last = evidence.calls(&["sendto", "recvfrom"]).next_back()?;
        let to = last.to.clone().filter(|_| last.call == "sendto")?;
        let port = to.rsplit_once(':')?.1;
        let ours = self.wire.local_port(peer)?.to_string();
        (port != ours).then_some((Cause::ReplyElsewhere, to))
    }

    /// The program has ended, or closed the connection, before it said what it should.
    pub(super) fn gone(&mut self, expected: &[u8]) -> Stop {
        // A connection's end may be the first sign of the program's.
        let _: Waited<()> = self.wait_until(&mut |_| None, Patience::is_quiet);
        if self.exit_code().is_some() || self.crashed() {
            let chat = self.setup.exercise.name == "chat" && expected == b"fin";
            let read = self.lines_read() >= self.typed.len();
            let said = self.typed.last().is_some_and(|line| line == b"fin");
            if chat && said && read && !self.crashed() {
                let code = self.exit_code();
                self.theirs(Act::Exits(code), false);
                let expected = Some(expected.to_vec());
                let cause = Some(Cause::FinNotSent);
                return self.fail_with(Symptom::EndsEarly, cause, expected, None);
            }
            let first = self.setup.role == Role::Client && self.heard.is_empty();
            return match self.went_elsewhere("a") {
                Some((cause, detail)) => self
                    .fail(Symptom::NoRequest, Some(cause))
                    .detailed(Some(detail)),
                None if first => self.exited(Symptom::NoRequest),
                None => self.exited(Symptom::EndsEarly),
            };
        }
        let expected = (!expected.is_empty()).then(|| expected.to_vec());
        self.fail_with(Symptom::EndsEarly, None, expected, None)
    }

    /// A client that does not connect.
    pub(super) fn not_asked(&mut self) -> Stop {
        if let Some((cause, detail)) = self.went_elsewhere("a") {
            return self
                .fail(Symptom::NoRequest, Some(cause))
                .detailed(Some(detail));
        }
        if self.exit_code().is_some() || self.crashed() {
            return self.exited(Symptom::NoRequest);
        }
        if let Some(question) = self.question() {
            return Stop::NotChecked(Reason::Asks(question));
        }
        self.waits();
        self.fail(Symptom::NoRequest, None)
    }

    /// What came is not on the screen.
    pub(super) fn not_shown(&mut self, text: &[u8]) -> Stop {
        let output = self.program.as_ref().map(|program| program.output.bytes());
        let output = output.unwrap_or_default();
        let after = output.get(self.shown..).unwrap_or_default().to_vec();
        let evidence = self.program.as_ref().map(|program| &program.evidence);
        let mut cause = diagnose::shown(evidence, &self.sent, text, &after);
        let ended = self.exit_code().is_some();
        let mut symptom = Symptom::NotShown;
        if cause.is_none() && self.speaks_out_of_turn() {
            cause = Some(Cause::TurnBroken);
        }
        if !ended && after.is_empty() {
            self.waits();
            symptom = Symptom::Hangs;
            let stream = self.wire.is_stream() && self.setup.exercise.name != "capitals";
            if cause.is_none() && stream {
                cause = self.waits_for_more();
            }
        } else if !after.is_empty() {
            self.theirs(Act::Shows(after.clone()), false);
        } else if ended {
            let code = self.exit_code();
            self.theirs(Act::Exits(code), false);
        }
        let received = (!after.is_empty()).then_some(after);
        self.fail_with(symptom, cause, Some(text.to_vec()), received)
    }

    /// In a chat: it asks its user, and does not take what we have sent.
    fn speaks_out_of_turn(&mut self) -> bool {
        let asks = self.blocked().is_some_and(|event| event.call == "input");
        let evidence = self.program.as_ref().map(|program| &program.evidence);
        let took = evidence.map_or(0, |evidence| evidence.calls(&RECEIVES).count());
        self.setup.exercise.name == "chat" && asks && took < self.sent.len()
    }

    /// How many lines a program that reports has read with `input()`.
    fn lines_read(&self) -> usize {
        let evidence = self.program.as_ref().map(|program| &program.evidence);
        evidence.map_or(0, |evidence| evidence.calls(&["input"]).count())
    }

    /// Whether a client gets on after a line end, or after our end.
    fn waits_for_more(&mut self) -> Option<Cause> {
        let before = self.output_len();
        self.wire.send("a", b"\n").ok()?;
        let mut shown = |player: &mut Self| (player.output_len() > before).then_some(());
        match self.wait_until(&mut shown, Patience::is_quiet) {
            Waited::Ready(()) => Some(Cause::WaitsForNewline),
            _ => self.waits_for_eof("a").then_some(Cause::WaitsForEof),
        }
    }

    /// Why a connection stays open.
    pub(super) fn why_open(&mut self, peer: &str) -> Option<Cause> {
        if self.setup.exercise.name == "capitals" {
            let answer = self.ask(peer, b"sigue\n");
            return (answer.as_deref() == Some(b"SIGUE\n")).then_some(Cause::NeverChecksFin);
        }
        match self.setup.role {
            Role::Client => self.waits_for_more(),
            Role::Server => self.waits_for_eof(peer).then_some(Cause::WaitsForEof),
        }
    }

    /// The program does not end; `None` if it does after a key.
    pub(super) fn goes_on(&mut self) -> Option<Stop> {
        if self.leaves_after_enter() {
            return None;
        }
        self.waits();
        let evidence = self.program.as_ref().map(|program| &program.evidence);
        let cause = if evidence.is_some_and(diagnose::reads_nothing_for_ever) {
            Some(Cause::EmptyReadLoop)
        } else if self.speaks_out_of_turn() {
            Some(Cause::TurnBroken)
        } else {
            self.why_it_goes_on()
        };
        Some(self.fail(Symptom::NeverEnds, cause))
    }

    /// «Pulse Intro para salir» is no fault.
    fn leaves_after_enter(&mut self) -> bool {
        let Some(question) = self.question() else {
            return false;
        };
        let question = question.to_lowercase();
        let words = ["intro", "enter", "salir", "exit", "tecla", "continuar"];
        if !words.iter().any(|word| question.contains(word)) {
            return false;
        }
        self.type_and_wait(b"");
        matches!(self.wait(|_| None::<()>), Waited::Exited) && !self.crashed()
    }

    /// Whether the last word, in either case, ends anything.
    fn why_it_goes_on(&mut self) -> Option<Cause> {
        let newline = if self.wire.is_stream() { "\n" } else { "" };
        let chat = self.setup.exercise.name == "chat";
        if !chat && !matches!(self.setup.exercise.name, "echo" | "capitals") {
            return None;
        }
        // Who said the last word: in a chat either may have, in the others the server does.
        let last = |all: &[Vec<u8>]| all.last().is_some_and(|one| one == b"fin");
        let typed_last = chat && last(&self.heard) && !last(&self.sent);
        if self.setup.role == Role::Server && !chat {
            self.ask("a", format!("sigue{newline}").as_bytes())?;
            for word in ["FIN", "fin"] {
                self.wire.send("a", word.as_bytes()).ok()?;
                if let Waited::Exited = self.wait(|_| None::<()>) {
                    return (!self.crashed()).then_some(Cause::FinCase);
                }
            }
            return self.what_it_compares();
        }
        if !typed_last {
            // It must be the program's turn: what is typed is sent.
            self.type_and_hear(b"sigue")?;
            let other = if chat { "FIN" } else { "fin" };
            self.wire
                .send("a", format!("{other}{newline}").as_bytes())
                .ok()?;
        } else {
            self.wire.send("a", b"sigue").ok()?;
            self.type_and_hear(b"FIN")?;
        }
        match self.wait(|_| None::<()>) {
            Waited::Exited if !self.crashed() => Some(Cause::FinCase),
            Waited::Exited => None,
            _ => self.what_it_compares(),
        }
    }

    /// Neither case of the last word ends it: its source says which one it looks for, if any.
    fn what_it_compares(&self) -> Option<Cause> {
        let script = self.setup.start.and_then(Start::script)?;
        let source = String::from_utf8_lossy(&std::fs::read(script).ok()?).into_owned();
        let has = |word: &str| {
            let quoted = [format!("\"{word}"), format!("'{word}")];
            quoted.iter().any(|one| source.contains(one))
        };
        let (right, other) = match self.setup.exercise.name {
            "chat" => ("fin", "FIN"),
            _ => ("FIN", "fin"),
        };
        match (has(right), has(other)) {
            (false, true) => Some(Cause::FinCase),
            (false, false) => Some(Cause::NeverChecksFin),
            _ => self.checks_only_one().then_some(Cause::NeverChecksFin),
        }
    }

    /// A chat has two places for the last word. One that ends on what it sends itself, and has only
    /// that one comparison, does not look at what it receives; or the other way round.
    fn checks_only_one(&self) -> bool {
        let script = self.setup.start.and_then(Start::script);
        let source = script
            .and_then(|path| std::fs::read(path).ok())
            .unwrap_or_default();
        let source = String::from_utf8_lossy(&source).into_owned();
        let count = source.matches("\"fin\"").count() + source.matches("'fin'").count();
        self.setup.exercise.name == "chat" && count == 1
    }

    fn type_and_hear(&mut self, line: &[u8]) -> Option<()> {
        self.program.as_mut()?.type_line(line);
        let came = self.wait(|player| {
            if player.wire.is_stream() {
                let stream = player.wire.stream("a")?;
                return (!stream.rest().is_empty()).then_some(());
            }
            player.wire.datagram("a").map(drop)
        });
        matches!(came, Waited::Ready(())).then_some(())
    }
}
