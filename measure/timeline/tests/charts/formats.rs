//! What is drawn of it.

use serde_json::Value;
use socklab_timeline::{Chart, Exchange, Glyphs, WIDTH, chrome, mermaid, svg, svg_of_all, text};

use crate::exchanges::{Ids, all, datagrams_on_threads, streams_on_a_loop};

fn charts() -> Vec<Chart> {
    all().iter().map(Exchange::chart).collect()
}

#[test]
fn as_text() {
    let chart = datagrams_on_threads().chart();
    insta::assert_snapshot!("text", text(&chart, &Ids, Glyphs::Shades, WIDTH));
    insta::assert_snapshot!(
        "text_ascii",
        text(&streams_on_a_loop().chart(), &Ids, Glyphs::Ascii, WIDTH)
    );
}

#[test]
fn as_mermaid() {
    insta::assert_snapshot!("mermaid", mermaid(&datagrams_on_threads().chart(), &Ids));
}

#[test]
fn as_svg() {
    let picture = svg(&datagrams_on_threads().chart(), &Ids);
    // Without its style, which has no numbers in it.
    let (before, style) = picture.split_once("<style>").unwrap();
    let (_, after) = style.split_once("</style>").unwrap();
    insta::assert_snapshot!("svg", format!("{before}{after}"));
}

#[test]
fn as_a_trace() {
    let trace = chrome(&[streams_on_a_loop().chart()], &Ids);
    let trace: Value = serde_json::from_str(&trace).unwrap();
    insta::assert_snapshot!("chrome", serde_json::to_string_pretty(&trace).unwrap());
}

/// Every number is in every format, once.
#[test]
fn all_of_them_show_all_of_it() {
    for chart in charts() {
        let numbers = chart.numbered().len();
        let (text, diagram) = (
            text(&chart, &Ids, Glyphs::Shades, WIDTH),
            mermaid(&chart, &Ids),
        );
        let picture = svg(&chart, &Ids);
        let trace: Value = serde_json::from_str(&chrome(&[chart], &Ids)).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        for number in 1..=numbers {
            let row = text
                .lines()
                .filter(|line| line.starts_with(&format!("{number:>3} ")));
            assert_eq!(row.count(), 1, "{number} in\n{text}");
            let step = diagram
                .lines()
                .filter(|line| line.contains(&format!(": {number}. ")));
            assert_eq!(step.count(), 1, "{number} in\n{diagram}");
            // Twice where it is in the closer look.
            assert!(picture.contains(&format!("<title>{number}. ")), "{picture}");
            let event = events.iter().filter(|one| one["args"]["number"] == number);
            assert_eq!(event.count(), 1, "{number} in\n{trace}");
        }
    }
}

#[test]
fn text_fits_a_projector() {
    for chart in charts() {
        for glyphs in [Glyphs::Shades, Glyphs::Ascii] {
            let text = text(&chart, &Ids, glyphs, WIDTH);
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
        let ascii = text(&chart, &Ids, Glyphs::Ascii, WIDTH);
        let lanes = ascii.lines().take_while(|line| !line.starts_with("<where"));
        assert!(
            { lanes }.all(|line| line.replace('µ', "u").is_ascii()),
            "{ascii}"
        );
    }
}

#[test]
fn a_trace_has_what_perfetto_needs() {
    let trace: Value = serde_json::from_str(&chrome(&charts(), &Ids)).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut named = Vec::new();
    let mut last = std::collections::BTreeMap::new();
    for event in events {
        let track = (
            event["pid"].as_u64().unwrap(),
            event["tid"].as_u64().unwrap(),
        );
        match event["ph"].as_str().unwrap() {
            "M" => named.extend((event["name"] == "thread_name").then_some(track)),
            "X" => {
                assert!(named.contains(&track), "{event}");
                let (start, took) = (
                    event["ts"].as_f64().unwrap(),
                    event["dur"].as_f64().unwrap(),
                );
                // Those of a track must not cover each other, or they count as calls within calls.
                let end = last.insert(track, start + took).unwrap_or(0.0);
                assert!(start + 0.0005 >= end && took >= 0.0, "{event} after {end}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_picture_is_whole_and_keeps_to_itself() {
    let all = charts();
    let pictures = all.iter().map(|chart| svg(chart, &Ids));
    for picture in pictures.chain([svg_of_all(&all, &Ids)]) {
        well_formed(&picture);
        assert!(
            !picture.contains(" id=") && !picture.contains("url(") && !picture.contains("href")
        );
        for class in picture.split("class=\"").skip(1) {
            let class = class.split('"').next().unwrap();
            assert!({ class.split(' ') }.all(|one| one.is_empty() || one.starts_with("tl-")));
        }
        let style = picture.split("<style>").nth(1).unwrap();
        let style = style.split("</style>").next().unwrap();
        for rule in style.lines().filter(|line| line.contains('{')) {
            assert!(
                rule.starts_with(".tl-chart") || rule.starts_with("@media"),
                "{rule}"
            );
        }
    }
}

/// Every element that is opened is closed, in order, and text has no bare markup.
fn well_formed(picture: &str) {
    let mut open = Vec::new();
    for piece in picture.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(
            !text.contains('>') || open.last() == Some(&"style"),
            "{text}"
        );
        let entities = ["amp;", "lt;", "gt;", "quot;"];
        let mut after = piece.split('&').skip(1);
        assert!(after.all(|one| entities.iter().any(|entity| one.starts_with(entity))));
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '/']).next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{piece}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
