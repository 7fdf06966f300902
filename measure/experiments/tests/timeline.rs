//! Charts of real exchanges, on every runtime, and what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use socklab_core::lab::EXERCISES;
use socklab_core::{OperationKind, Transport};
use socklab_experiments::timeline::play;
use socklab_runtimes::Runtime;
use socklab_text::Translations;
use socklab_timeline::{
    Chart, Class, Glyphs, Lane, LaneOwner, Span, SpanKind, Style, WIDTH, chrome, mermaid, slide,
    svg, text,
};

const ES: &str = include_str!("../../../cli/locales/es-timeline.ftl");
const EN: &str = include_str!("../../../cli/locales/en-timeline.ftl");

fn servers(chart: &Chart) -> impl Iterator<Item = &Span> {
    let lanes = chart.lanes.iter().filter(|lane| lane.owner.is_server());
    lanes.flat_map(|lane| &lane.spans)
}

fn moved(span: &Span, kind: OperationKind) -> bool {
    span.operation == Some(kind) && span.kind.moves()
}

/// The clients with which the server did that.
fn with(chart: &Chart, kind: OperationKind) -> BTreeSet<u32> {
    let spans = servers(chart).filter(|span| moved(span, kind) && span.bytes > 0);
    spans.filter_map(|span| span.client).collect()
}

fn lane(chart: &Chart, is: impl Fn(LaneOwner) -> bool) -> &Lane {
    let mut lanes = chart.lanes.iter();
    lanes.find(|lane| is(lane.owner)).expect("the lane")
}

/// What must be in any chart, however fast or slow the machine was.
fn check(chart: &Chart) {
    let about = format!("{} on {}: {chart:#?}", chart.exercise, chart.model);
    let clients = |name| matches!(name, LaneOwner::Client { .. });
    let count = chart.lanes.iter().filter(|lane| clients(lane.owner));
    assert_eq!(count.count(), 2, "{about}");
    let numbers: Vec<u32> = chart
        .numbered()
        .iter()
        .map(|(_, span)| span.number)
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    for lane in &chart.lanes {
        for span in &lane.spans {
            assert!(
                span.start <= span.end && span.end <= chart.length,
                "{about}"
            );
        }
        let mut pairs = lane.spans.windows(2);
        let in_turn = pairs.all(|pair| pair[0].end <= pair[1].start);
        assert!(in_turn || lane.owner == LaneOwner::Kernel, "{about}");
    }
    // The server waits, in its own way, and that is what takes most of the time.
    let waits = |what| match chart.style {
        Style::Threads => matches!(what, SpanKind::Wait | SpanKind::Call),
        Style::Loop => matches!(what, SpanKind::Poll(_)),
        Style::Executor => matches!(what, SpanKind::Suspended(_)),
        // It never waits, and asks instead.
        Style::Spin => matches!(what, SpanKind::Spin(1000..)),
        Style::Signal => matches!(what, SpanKind::Signal(_)),
        Style::Completion => matches!(what, SpanKind::Completion(_)),
    };
    assert!(servers(chart).any(|span| waits(span.kind)), "{about}");
    for span in servers(chart) {
        let figures: &[_] = match chart.style {
            Style::Threads => &[None, Some("6.1")],
            Style::Loop | Style::Executor => &[None, Some("6.2"), Some("6.3")],
            Style::Spin => &[None, Some("6.2")],
            Style::Signal => &[None, Some("6.2"), Some("6.4")],
            Style::Completion => &[None, Some("6.5")],
        };
        assert!(figures.contains(&span.figure()), "{span:?} in {about}");
    }
    let both = BTreeSet::from([1, 2]);
    let (received, sent) = (
        with(chart, OperationKind::Receive),
        with(chart, OperationKind::Send),
    );
    let held = lane(chart, |name| name == LaneOwner::Kernel).spans.iter();
    let held: BTreeSet<u32> = held.filter_map(|span| span.client).collect();
    match chart.exercise.as_str() {
        // The server hears one message; the other client is too late.
        "message" => assert_eq!((received, held), ([2].into(), [2].into()), "{about}"),
        // The second is no part of it, and is heard all the same.
        "chat" => assert_eq!((received, sent), (both, [1].into()), "{about}"),
        "welcome" => assert_eq!((sent, held), (both.clone(), both), "{about}"),
        _ => assert_eq!(
            (received, sent, held),
            (both.clone(), both.clone(), both),
            "{about}"
        ),
    }
}

/// What only the transport decides.
fn check_transport(chart: &Chart, transport: Transport) {
    let about = format!("{} on {}: {chart:#?}", chart.exercise, chart.model);
    let kernel = lane(chart, |name| name == LaneOwner::Kernel);
    let backlog = kernel
        .spans
        .iter()
        .filter(|span| span.kind == SpanKind::Backlog);
    if transport == Transport::Stream {
        assert_eq!(backlog.count(), 2, "{about}");
        let accepts = servers(chart).filter(|span| moved(span, OperationKind::Accept));
        let accepts: BTreeSet<u32> = accepts.filter_map(|span| span.client).collect();
        assert_eq!(accepts, BTreeSet::from([1, 2]), "{about}");
        assert!(!chart.stamped, "{about}");
        return;
    }
    assert_eq!(backlog.count(), 0, "{about}");
    assert_eq!(chart.stamped, cfg!(target_os = "linux"), "{about}");
    if cfg!(target_os = "linux") {
        // Every datagram for the server has a timestamp, and where the receive blocked it was cut.
        let to_server = kernel.spans.iter().filter_map(|span| match span.kind {
            SpanKind::Buffered {
                to_server: true,
                stamped,
            } => Some(stamped),
            _ => None,
        });
        assert!({ to_server }.all(|stamped| stamped), "{about}");
        let whole =
            |span: &Span| moved(span, OperationKind::Receive) && span.kind == SpanKind::Call;
        assert!(!servers(chart).any(whole), "{about}");
    }
}

#[test]
fn every_exercise_on_every_runtime() {
    let languages = [
        Translations::new("en", &[EN]),
        Translations::new("es", &[ES]),
    ];
    for exercise in EXERCISES {
        let runtimes = Runtime::distinct(exercise.transport);
        let charts = runtimes.iter().map(|one| play(exercise, *one).unwrap());
        let charts: Vec<Chart> = charts.collect();
        let models: Vec<&str> = charts.iter().map(|chart| chart.model.as_str()).collect();
        let names: Vec<&str> = runtimes.iter().map(|one| one.name()).collect();
        assert_eq!(models, names, "{}", exercise.name);
        for chart in &charts {
            check(chart);
            check_transport(chart, exercise.transport);
            // In both languages: in debug builds a message that is missing panics.
            for messages in &languages {
                let text = text(chart, messages, Glyphs::Shades, WIDTH);
                assert!(text.contains(&chart.model), "{text}");
                assert!(
                    text.lines().all(|line| line.chars().count() <= 100),
                    "{text}"
                );
                assert!(mermaid(chart, messages).starts_with("sequenceDiagram\n"));
                assert!(svg(chart, messages).ends_with("</svg>\n"));
            }
        }
        for messages in &languages {
            let slide = slide(&charts, messages, Glyphs::Shades, WIDTH);
            let drawn = |model: &&str| {
                let line = |line: &str| line.split(' ').next() == Some(*model);
                slide.lines().filter(|one| line(one)).count() == 1
            };
            assert!(models.iter().all(drawn), "{slide}");
            assert!(
                slide.lines().all(|line| line.chars().count() <= 100),
                "{slide}"
            );
        }
        let trace = chrome(&charts, &languages[0]);
        assert!(serde_json::from_str::<serde_json::Value>(&trace).is_ok());
    }
}

/// What the crate that draws says, by the ids in its sources.
#[test]
fn what_charts_say_exists_and_nothing_else_does() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../timeline/src");
    let mut said: BTreeSet<String> = BTreeSet::new();
    for file in fs::read_dir(sources).expect("the crate") {
        let source = fs::read_to_string(file.expect("a file").path()).expect("a source");
        let ids = source.split("\"timeline-").skip(1);
        said.extend(ids.filter_map(|rest| Some(format!("timeline-{}", rest.split_once('"')?.0))));
    }
    // Those that are made of a name.
    let kinds = OperationKind::ALL;
    let styles = [
        Style::Threads,
        Style::Loop,
        Style::Executor,
        Style::Spin,
        Style::Signal,
        Style::Completion,
    ];
    for (family, names) in [
        ("operation", kinds.map(OperationKind::name).to_vec()),
        ("class", Class::ALL.map(Class::name).to_vec()),
        ("style", styles.map(Style::name).to_vec()),
    ] {
        assert!(said.remove(&format!("timeline-{family}-{{}}")), "{said:?}");
        said.extend(names.iter().map(|name| format!("timeline-{family}-{name}")));
    }
    let there = EN.lines().filter_map(|line| {
        let (id, _) = line.split_once(" = ")?;
        id.starts_with("timeline-").then(|| id.to_owned())
    });
    assert_eq!(there.collect::<BTreeSet<_>>(), said);
}
