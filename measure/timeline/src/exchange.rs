//! Turns recorded operations into lanes.

use std::time::Duration;

use socklab_core::{Mono, Subject, Transport};

use crate::chart::{Chart, Lane, Name, Span, What};
use crate::kernel;
use crate::operations::{Did, Draft, Noted, cause_on, client_at, did, phases};
use crate::record::{Event, Page, Thread, Who};
use crate::style::Style;

/// The record of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The exercise's name.
    pub exercise: String,
    /// The model's name.
    pub model: String,
    /// What carries the exercise.
    pub transport: Transport,
    /// The records of all observers.
    pub pages: Vec<Page>,
    /// Where the chart begins. What was over before is left out.
    pub begin: Mono,
    /// Where it ends.
    pub end: Mono,
}

/// A lane that is being built, and from when to when its thread or task existed.
struct Track {
    name: Name,
    alive: (Mono, Mono),
    drafts: Vec<Draft>,
}

/// The server's threads in the order in which they were first seen. The one that runs the server
/// comes first.
struct Threads(Vec<Thread>);

impl Threads {
    fn seen(pages: &[&(&Page, Vec<Did>)]) -> Self {
        let mut seen = vec![0];
        for (page, did) in pages {
            for thread in std::iter::once(page.thread).chain(did.iter().map(|did| did.thread)) {
                if !seen.contains(&thread) {
                    seen.push(thread);
                }
            }
        }
        Threads(seen)
    }

    fn number(&self, thread: Thread) -> u32 {
        let place = self.0.iter().position(|one| *one == thread);
        u32::try_from(place.unwrap_or(0)).unwrap_or(u32::MAX)
    }
}

impl Exchange {
    /// Its chart.
    pub fn chart(&self) -> Chart {
        let style = Style::of(&self.model);
        let pages: Vec<(&Page, Vec<Did>)> =
            self.pages.iter().map(|page| (page, did(page))).collect();
        let mut tracks = self.clients(&pages);
        tracks.sort_by_key(|track| match track.name {
            Name::Client { number, .. } => number,
            _ => u32::MAX,
        });
        tracks.push(Track {
            name: Name::Kernel,
            alive: (self.end, self.end),
            drafts: kernel::holds(self.transport, &pages),
        });
        tracks.extend(self.server(style, &pages));
        let lanes = tracks.into_iter().map(|track| self.lane(track)).collect();
        let operations = pages.iter().flat_map(|(_, did)| did);
        let mut chart = Chart {
            exercise: self.exercise.clone(),
            model: self.model.clone(),
            style,
            length: self.end.since(self.begin),
            lanes,
            stamped: operations
                .into_iter()
                .any(|did| did.operation.arrival.is_some()),
        };
        number(&mut chart);
        chart
    }

    fn clients(&self, pages: &Noted<'_>) -> Vec<Track> {
        let clients = pages.iter().filter_map(|(page, did)| {
            let Who::Client { number, slow, .. } = page.who else {
                return None;
            };
            let calls = did.iter().flat_map(|did| phases(Style::Threads, did));
            let pauses = page.events.iter().filter_map(|(_, event)| match *event {
                Event::Paused(start, end) => Some(Draft::new(start, end, What::Pause)),
                _ => None,
            });
            let drafts: Vec<Draft> = calls.chain(pauses).collect();
            let first = drafts.iter().map(|draft| draft.start).min();
            let last = drafts.iter().map(|draft| draft.end).max();
            Some(Track {
                name: Name::Client { number, slow },
                // What a client does before and after belongs to no exchange.
                alive: (first.unwrap_or(self.begin), last.unwrap_or(self.begin)),
                drafts,
            })
        });
        clients.collect()
    }

    /// The server's lanes: one for each thread, or for each task if tasks wait.
    fn server(&self, style: Style, pages: &Noted<'_>) -> Vec<Track> {
        let mut order: Vec<&(&Page, Vec<Did>)> = pages
            .iter()
            .filter(|(page, _)| matches!(page.who, Who::Server(_)))
            .collect();
        order.sort_by_key(|(page, _)| page.began);
        let threads = Threads::seen(&order);
        let accepts = kernel::accepts(pages);
        let mut tracks: Vec<(u64, Track)> = Vec::new();
        for (page, did) in order {
            for (at, one) in did.iter().enumerate() {
                let (key, name) = match (style, page.who) {
                    (Style::Executor, Who::Server(Subject::Connection { number, .. })) => {
                        (number, Name::Task(number))
                    }
                    (Style::Executor, _) => (0, Name::MainTask),
                    _ => match threads.number(one.thread) {
                        0 => (0, Name::Main),
                        thread => (u64::from(thread), Name::Thread(thread)),
                    },
                };
                let mut one = *one;
                if matches!(style, Style::Loop | Style::Signal | Style::Completion) {
                    one.cause = cause_on(one.operation.end, one.thread, pages);
                }
                let accepted = accepts.iter().find(|(_, accept)| *accept == one.operation);
                let client = client_at(one.peer, pages).or(accepted.map(|(client, _)| *client));
                let thread = (style == Style::Executor).then(|| threads.number(one.thread));
                let drafts = phases(style, &one).into_iter().map(|draft| Draft {
                    client,
                    thread,
                    ..draft
                });
                let track = track(&mut tracks, key, name, one.operation.start);
                track.drafts.extend(drafts);
                // The observer may have been made on another thread than the one that uses it.
                if at == 0 && (page.thread == one.thread || style == Style::Executor) {
                    track.alive.0 = track.alive.0.min(page.began);
                }
                if at + 1 == did.len() {
                    track.alive.1 = track.alive.1.max(page.ended);
                }
            }
        }
        tracks.sort_by_key(|(key, _)| *key);
        tracks.into_iter().map(|(_, track)| track).collect()
    }

    /// The part of a track within the chart, with the code between its operations.
    fn lane(&self, mut track: Track) -> Lane {
        track.drafts.sort_by_key(|draft| (draft.start, draft.end));
        if Style::of(&self.model) == Style::Spin && track.name.is_server() {
            track.drafts = spins(track.drafts);
        }
        let mut all = Vec::new();
        let mut free = track.alive.0;
        for draft in track.drafts {
            if draft.start > free && track.name != Name::Kernel {
                all.push(Draft::new(free, draft.start, What::Code));
            }
            free = free.max(draft.end);
            all.push(draft);
        }
        if free < track.alive.1 {
            all.push(Draft::new(free, track.alive.1, What::Code));
        }
        Lane {
            name: track.name,
            spans: all.iter().filter_map(|draft| self.clip(draft)).collect(),
        }
    }

    fn clip(&self, draft: &Draft) -> Option<Span> {
        let (start, end) = (draft.start.max(self.begin), draft.end.min(self.end));
        // Keep an operation that took no measurable time, but drop code that took none.
        if start > end || (start == end && draft.what == What::Code) {
            return None;
        }
        Some(Span {
            number: 0,
            start: start.since(self.begin),
            end: end.since(self.begin),
            what: draft.what,
            operation: draft.operation,
            client: draft.client,
            bytes: draft.bytes,
            thread: draft.thread,
            before: draft.start < self.begin,
            after: draft.end > self.end,
        })
    }
}

/// Merges calls in a row that found no data into one span: there may be a million.
fn spins(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut all: Vec<Draft> = Vec::new();
    for draft in drafts {
        let vain = draft.what == What::Empty;
        if !vain {
            all.push(draft);
        } else if let Some(last) = all.last_mut()
            && let What::Spin(times) = &mut last.what
        {
            *times += 1;
            last.end = draft.end;
        } else {
            all.push(Draft {
                what: What::Spin(1),
                client: None,
                ..draft
            });
        }
    }
    all
}

/// The track with that key; a new one if there is none yet.
fn track(tracks: &mut Vec<(u64, Track)>, key: u64, name: Name, start: Mono) -> &mut Track {
    let place = tracks.iter().position(|(other, _)| *other == key);
    let place = place.unwrap_or_else(|| {
        let new = Track {
            name,
            alive: (start, start),
            drafts: Vec::new(),
        };
        tracks.push((key, new));
        tracks.len() - 1
    });
    &mut tracks[place].1
}

fn number(chart: &mut Chart) {
    let lanes = chart.lanes.iter_mut().enumerate();
    let spans = lanes.flat_map(|(lane, all)| {
        all.spans
            .iter_mut()
            .map(move |span| (span.start, lane, span))
    });
    let mut all: Vec<(Duration, usize, &mut Span)> = spans
        .filter(|(_, _, span)| span.what != What::Code)
        .collect();
    all.sort_by_key(|(start, lane, _)| (*start, *lane));
    for (number, (_, _, span)) in (1..).zip(all) {
        span.number = number;
    }
}
