//! Turns recorded operations into lanes.

use std::time::Duration;

use socklab_core::{Mono, Subject, Transport};

use crate::chart::{Chart, Lane, LaneOwner, Span, SpanKind};
use crate::kernel;
use crate::operations::{
    Draft, TracedOperation, TracedRecords, cause_on, client_at, phases, traced,
};
use crate::record::{Event, Party, Record, Thread};
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
    pub records: Vec<Record>,
    /// Where the chart begins. What was over before is left out.
    pub begin: Mono,
    /// Where it ends.
    pub end: Mono,
}

/// A lane that is being built, and from when to when its thread or task existed.
struct Track {
    owner: LaneOwner,
    alive: (Mono, Mono),
    drafts: Vec<Draft>,
}

/// The server's threads in the order in which they were first seen. The one that runs the server
/// comes first.
struct Threads(Vec<Thread>);

impl Threads {
    fn seen(records: &[&(&Record, Vec<TracedOperation>)]) -> Self {
        let mut seen = vec![0];
        for (record, traced) in records {
            for thread in
                std::iter::once(record.thread).chain(traced.iter().map(|traced| traced.thread))
            {
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
        let records: Vec<(&Record, Vec<TracedOperation>)> = self
            .records
            .iter()
            .map(|record| (record, traced(record)))
            .collect();
        let mut tracks = self.clients(&records);
        tracks.sort_by_key(|track| match track.owner {
            LaneOwner::Client { number, .. } => number,
            _ => u32::MAX,
        });
        tracks.push(Track {
            owner: LaneOwner::Kernel,
            alive: (self.end, self.end),
            drafts: kernel::holds(self.transport, &records),
        });
        tracks.extend(self.server(style, &records));
        let lanes = tracks.into_iter().map(|track| self.lane(track)).collect();
        let operations = records.iter().flat_map(|(_, traced)| traced);
        let mut chart = Chart {
            exercise: self.exercise.clone(),
            model: self.model.clone(),
            style,
            length: self.end.since(self.begin),
            lanes,
            stamped: operations
                .into_iter()
                .any(|traced| traced.operation.arrival.is_some()),
        };
        number(&mut chart);
        chart
    }

    fn clients(&self, records: &TracedRecords<'_>) -> Vec<Track> {
        let clients = records.iter().filter_map(|(record, traced)| {
            let Party::Client { number, slow, .. } = record.party else {
                return None;
            };
            let calls = traced
                .iter()
                .flat_map(|traced| phases(Style::Threads, traced));
            let pauses = record.events.iter().filter_map(|(_, event)| match *event {
                Event::Paused(start, end) => Some(Draft::new(start, end, SpanKind::Pause)),
                _ => None,
            });
            let drafts: Vec<Draft> = calls.chain(pauses).collect();
            let first = drafts.iter().map(|draft| draft.start).min();
            let last = drafts.iter().map(|draft| draft.end).max();
            Some(Track {
                owner: LaneOwner::Client { number, slow },
                // What a client does before and after belongs to no exchange.
                alive: (first.unwrap_or(self.begin), last.unwrap_or(self.begin)),
                drafts,
            })
        });
        clients.collect()
    }

    /// The server's lanes: one for each thread, or for each task if tasks wait.
    fn server(&self, style: Style, records: &TracedRecords<'_>) -> Vec<Track> {
        let mut order: Vec<&(&Record, Vec<TracedOperation>)> = records
            .iter()
            .filter(|(record, _)| matches!(record.party, Party::Server(_)))
            .collect();
        order.sort_by_key(|(record, _)| record.began);
        let threads = Threads::seen(&order);
        let accepts = kernel::accepts(records);
        let mut tracks: Vec<(u64, Track)> = Vec::new();
        for (record, traced) in order {
            for (at, one) in traced.iter().enumerate() {
                let (key, name) = match (style, record.party) {
                    (Style::Executor, Party::Server(Subject::Connection { number, .. })) => {
                        (number, LaneOwner::Task(number))
                    }
                    (Style::Executor, _) => (0, LaneOwner::MainTask),
                    _ => match threads.number(one.thread) {
                        0 => (0, LaneOwner::Main),
                        thread => (u64::from(thread), LaneOwner::Thread(thread)),
                    },
                };
                let mut one = *one;
                if matches!(style, Style::Loop | Style::Signal | Style::Completion) {
                    one.cause = cause_on(one.operation.end, one.thread, records);
                }
                let accepted = accepts.iter().find(|(_, accept)| *accept == one.operation);
                let client = client_at(one.peer, records).or(accepted.map(|(client, _)| *client));
                let thread = (style == Style::Executor).then(|| threads.number(one.thread));
                let drafts = phases(style, &one).into_iter().map(|draft| Draft {
                    client,
                    thread,
                    ..draft
                });
                let track = track(&mut tracks, key, name, one.operation.start);
                track.drafts.extend(drafts);
                // The observer may have been made on another thread than the one that uses it.
                if at == 0 && (record.thread == one.thread || style == Style::Executor) {
                    track.alive.0 = track.alive.0.min(record.began);
                }
                if at + 1 == traced.len() {
                    track.alive.1 = track.alive.1.max(record.ended);
                }
            }
        }
        tracks.sort_by_key(|(key, _)| *key);
        tracks.into_iter().map(|(_, track)| track).collect()
    }

    /// The part of a track within the chart, with the code between its operations.
    fn lane(&self, mut track: Track) -> Lane {
        track.drafts.sort_by_key(|draft| (draft.start, draft.end));
        if Style::of(&self.model) == Style::Spin && track.owner.is_server() {
            track.drafts = spins(track.drafts);
        }
        let mut all = Vec::new();
        let mut free = track.alive.0;
        for draft in track.drafts {
            if draft.start > free && track.owner != LaneOwner::Kernel {
                all.push(Draft::new(free, draft.start, SpanKind::Code));
            }
            free = free.max(draft.end);
            all.push(draft);
        }
        if free < track.alive.1 {
            all.push(Draft::new(free, track.alive.1, SpanKind::Code));
        }
        Lane {
            owner: track.owner,
            spans: all.iter().filter_map(|draft| self.clip(draft)).collect(),
        }
    }

    fn clip(&self, draft: &Draft) -> Option<Span> {
        let (start, end) = (draft.start.max(self.begin), draft.end.min(self.end));
        // Keep an operation that took no measurable time, but drop code that took none.
        if start > end || (start == end && draft.kind == SpanKind::Code) {
            return None;
        }
        Some(Span {
            number: 0,
            start: start.since(self.begin),
            end: end.since(self.begin),
            kind: draft.kind,
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
        let vain = draft.kind == SpanKind::Empty;
        if !vain {
            all.push(draft);
        } else if let Some(last) = all.last_mut()
            && let SpanKind::Spin(times) = &mut last.kind
        {
            *times += 1;
            last.end = draft.end;
        } else {
            all.push(Draft {
                kind: SpanKind::Spin(1),
                client: None,
                ..draft
            });
        }
    }
    all
}

/// The track with that key; a new one if there is none yet.
fn track(tracks: &mut Vec<(u64, Track)>, key: u64, owner: LaneOwner, start: Mono) -> &mut Track {
    let place = tracks.iter().position(|(other, _)| *other == key);
    let place = place.unwrap_or_else(|| {
        let new = Track {
            owner,
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
        .filter(|(_, _, span)| span.kind != SpanKind::Code)
        .collect();
    all.sort_by_key(|(start, lane, _)| (*start, *lane));
    for (number, (_, _, span)) in (1..).zip(all) {
        span.number = number;
    }
}
