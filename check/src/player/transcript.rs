//! The transcript of a scenario, seen from our end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use socklab_core::transcript::{Arrow, Header, Line, Role, Transcript};

use super::Player;

impl Player<'_> {
    /// The transcript of the scenario; `None` if no data went either way.
    pub(super) fn transcript(&mut self) -> Option<Transcript> {
        let (began, events) = self.wire.log.take();
        if events.is_empty() {
            return None;
        }
        let exercise = self.setup.exercise;
        let title = Line {
            at: Duration::ZERO,
            arrow: Arrow::Mark,
            words: vec!["scenario".to_owned(), self.scenario.name.clone()],
            payload: None,
        };
        let masked = events.into_iter().map(|line| Line {
            payload: line.payload.map(|bytes| self.mask(bytes)),
            ..line
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Some(Transcript {
            header: Header {
                exercise: exercise.name.to_owned(),
                role: match self.setup.role {
                    Role::Client => Role::Server,
                    Role::Server => Role::Client,
                },
                runtime: "check".to_owned(),
                epoch: now.unwrap_or_default().saturating_sub(began.elapsed()),
                masked: exercise.secret,
            },
            lines: std::iter::once(title).chain(masked).collect(),
        })
    }
}
