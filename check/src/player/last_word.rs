//! Finds out why a program does not end: whether it recognises the last word.

use socklab_core::transcript::Role;

use super::{EarlyEnd, Player, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose;

impl Player<'_> {
    /// The failure of a program that does not end. `None` if it only waits for a key.
    pub(super) fn never_ends(&mut self) -> Option<EarlyEnd> {
        if self.leaves_after_enter() {
            return None;
        }
        self.note_blocked_call();
        let cause = if self
            .evidence()
            .is_some_and(diagnose::reads_nothing_for_ever)
        {
            Some(Cause::EmptyReadLoop)
        } else if self.speaks_out_of_turn() {
            Some(Cause::TurnBroken)
        } else if self.setup.exercise.name == "message" && self.receives_now() {
            Some(Cause::ReceivesAgain)
        } else {
            self.why_it_never_ends()
        };
        Some(self.fail(Symptom::NeverEnds, cause))
    }

    /// Whether the program ends after Enter: «Pulse Intro para salir» is no fault.
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
        self.ends() && !self.crashed()
    }

    /// Tries whether the last word ends the program in upper or lower case, or one step later.
    fn why_it_never_ends(&mut self) -> Option<Cause> {
        let newline = if self.wire.is_stream() { "\n" } else { "" };
        let chat = self.setup.exercise.name == "chat";
        if !chat && !matches!(self.setup.exercise.name, "echo" | "capitals") {
            return None;
        }
        // Which side sent the last word: in a chat either side may, in the other exercises the
        // server does.
        let last = |all: &[Vec<u8>]| all.last().is_some_and(|one| one == b"fin");
        let typed_last = chat && last(&self.heard) && !last(&self.sent);
        if self.setup.role == Role::Server && !chat {
            self.ask("a", format!("sigue{newline}").as_bytes())?;
            if self.has_left() {
                return Some(Cause::LateFinCheck);
            }
            for word in ["FIN", "fin"] {
                self.wire.send("a", word.as_bytes()).ok()?;
                if self.ends() {
                    return (!self.crashed()).then_some(Cause::FinCase);
                }
            }
            return self.what_it_compares();
        }
        if typed_last {
            self.wire.send("a", b"sigue").ok()?;
            if self.has_left() {
                return Some(Cause::LateFinCheck);
            }
            self.type_and_hear(b"FIN")?;
        } else {
            // It must be the program's turn, so that what is typed is sent.
            let heard = self.type_and_hear(b"sigue");
            if self.has_left() {
                return Some(Cause::LateFinCheck);
            }
            heard?;
            let other = if chat { "FIN" } else { "fin" };
            self.wire
                .send("a", format!("{other}{newline}").as_bytes())
                .ok()?;
        }
        if self.ends() {
            return (!self.crashed()).then_some(Cause::FinCase);
        }
        if chat {
            // The other end says the last word.
            match typed_last {
                true => self.wire.send("a", b"fin").ok()?,
                false => self.type_and_hear(b"fin")?,
            }
            if self.ends() {
                return (!self.crashed()).then_some(Cause::OneFin);
            }
        }
        self.what_it_compares()
    }

    /// Whether the program ended by itself, one step after the last word.
    fn has_left(&mut self) -> bool {
        matches!(self.wait_until_quiet(), Waited::Exited) && !self.crashed()
    }

    /// Neither upper nor lower case ends the program. Looks in the source, if there is one, for the
    /// word that it compares.
    fn what_it_compares(&self) -> Option<Cause> {
        let Some(source) = self.source() else {
            return Some(Cause::NeverChecksFin);
        };
        let source = String::from_utf8_lossy(&source).into_owned();
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
            (true, _) => None,
        }
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
