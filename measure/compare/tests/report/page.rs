//! What is in the page.

use std::sync::LazyLock;

use socklab_compare::Document;
use socklab_compare::report::{Appendix, html};
use socklab_compare::results::{Invalid, Proof, Results, Trial};

use crate::html::{element, wrongs};
use crate::messages::messages;
use crate::sample;

/// The page of the sample, made once.
pub(crate) fn sample_page(language: &str) -> &'static str {
    static PAGES: [LazyLock<String>; 2] = [
        LazyLock::new(|| page(sample::results(), "en")),
        LazyLock::new(|| page(sample::results(), "es")),
    ];
    &PAGES[usize::from(language == "es")]
}

/// The page of these results.
pub(crate) fn page(results: Results, language: &str) -> String {
    let (pictures, sources) = (sample::pictures(), sample::sources());
    let appendix = Appendix {
        command: sample::COMMAND,
        pictures: &pictures,
        sources: &sources,
    };
    html(&Document::new(results), &appendix, &messages(language))
}

fn figure<'a>(page: &'a str, id: &str) -> &'a str {
    element(page, &format!("<figure id=\"{id}\""), "</figure>")
}

/// The drawing of a chart.
fn drawing<'a>(page: &'a str, id: &str) -> &'a str {
    element(
        page,
        &format!("aria-labelledby=\"{id}-title {id}-desc\""),
        "</svg>",
    )
}

/// The loads of the sample, as they are called.
const LOADS: [&str; 5] = [
    "1 connection",
    "10 connections",
    "100 connections",
    "1000 connections",
    "100 connections at 50,000/s",
];

#[test]
fn the_page_is_well_formed_and_in_its_language() {
    for (language, tag, says) in [
        ("en", "en", "Read with caution"),
        ("es", "es", "Léase con cautela"),
    ] {
        let page = sample_page(language);
        assert_eq!(wrongs(page), [""; 0]);
        assert!(page.contains(&format!("<html lang=\"{tag}\">")));
        assert!(page.contains(says));
    }
}

#[test]
fn every_model_and_load_is_in_every_chart() {
    let page = sample_page("en");
    let models = sample::results().models;
    let named = |what: &str, name: &str| what.contains(&format!(">{name}<"));
    let table = element(page, "<table class=\"headline\"", "</table>");
    for load in LOADS {
        assert!(named(table, load), "{load}");
    }
    let by_load = ["latency", "cpu", "switches", "operations", "trials"];
    for id in by_load {
        for (load, name) in LOADS.iter().enumerate() {
            let choice =
                format!("<div class=\"choice\" data-load=\"{load}\" data-name=\"{name}\">");
            assert!(figure(page, id).contains(&choice), "{id}: {name}");
        }
    }
    let each = by_load
        .iter()
        .flat_map(|id| (0..LOADS.len()).map(move |load| format!("{id}-{load}")));
    let whole = [
        "throughput",
        "idle-memory",
        "idle-reply",
        "open-100",
        "open-p99-100",
    ];
    let whole = whole.map(|id| format!("{id}-chart"));
    for chart in each.chain(whole) {
        for model in &models {
            let there = drawing(page, &chart).contains(model.as_str());
            // A curve has no place for what is invalid: that stands below it.
            let below = chart == "latency-3" && model == "mio";
            assert_eq!(there, !below, "{chart}: {model}");
        }
    }
    for model in &models {
        let rows = table.matches(&format!("</svg>\n{model}</th>")).count();
        assert_eq!(rows, LOADS.len(), "{model}");
    }
}

#[test]
fn what_is_invalid_is_named_and_not_drawn() {
    let page = sample_page("en");
    let why = "INVALID: the server ended, or did not say what it used";
    let table = element(page, "<table class=\"headline\"", "</table>");
    assert!(table.contains(&format!(">{why}</td>")));
    let wrong = page_of_wrong_replies(|_| ());
    let reason = "INVALID: some replies were wrong";
    for chart in ["cpu-3", "switches-3", "operations-3"] {
        assert!(drawing(&wrong, chart).contains(reason), "{chart}");
    }
    assert!(figure(page, "throughput").contains(&format!("<li>mio, 1000 connections: {why}</li>")));
    assert!(figure(page, "latency").contains(&format!("<li>mio: {why}</li>")));
    let strips = figure(page, "trials");
    assert_eq!(strips.matches("class=\"point struck\"").count(), 5);
    // One round is left, and counts for nothing alone.
    assert_eq!(strips.matches("class=\"point hollow\"").count(), 1);
    assert!(strips.contains("mio: crossed out, round 1, 2, 4, 5: the server ended"));
    assert!(strips.contains("tokio: crossed out, round 4: the server ended"));
}

/// The sample, whose invalid cell had wrong replies; and what else is done to the cell's trials.
fn page_of_wrong_replies(change: impl Fn(&mut Trial)) -> String {
    let mut results = sample::results();
    let is = |one: &&mut Trial| one.model == "mio" && one.load == 3;
    for trial in results.trials.iter_mut().filter(is) {
        for reason in &mut trial.invalid {
            *reason = Invalid::WrongReplies;
        }
        change(trial);
    }
    page(results, "en")
}

/// Whatever figures an invalid cell has, no chart of figures looks otherwise.
#[test]
fn invalid_figures_are_in_no_chart() {
    let tame = page_of_wrong_replies(|_| ());
    let wild = page_of_wrong_replies(|trial| {
        trial.replies *= 50;
        trial.response.buckets.clear();
        if let Some(server) = &mut trial.server {
            server.user *= 5e3;
            server.voluntary *= 5_000;
        }
    });
    for id in ["throughput", "latency", "cpu", "switches", "operations"] {
        assert!(figure(&tame, id) == figure(&wild, id), "{id}");
    }
    // The strip of rounds shows them all, so there it is seen.
    assert!(figure(&tame, "trials") != figure(&wild, "trials"));
}

#[test]
fn nothing_is_fetched() {
    let page = sample_page("es");
    let ours = page.replace("http://www.w3.org/2000/svg", "");
    for remote in [
        "http://", "https://", "@import", "url(", " src=", "//fonts", "<link", "<iframe", "fetch(",
    ] {
        assert!(!ours.contains(remote), "{remote}");
    }
    for link in page.split(" href=\"").skip(1) {
        assert!(link.starts_with('#'), "{:?}", link.get(..40));
    }
    let policy =
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; ";
    assert!(page.contains(policy));
}

#[test]
fn what_others_say_stays_text() {
    let evil = "</script><script>alert(1)</script><!--\u{202e}";
    let mut results = sample::results();
    results
        .environment
        .facts
        .push((evil.to_owned(), evil.to_owned()));
    results.environment.cautions.push(evil.to_owned());
    results.proofs[1].same = false;
    results.proofs[1].difference = Some((evil.to_owned(), evil.to_owned()));
    results.models[2] = evil.to_owned();
    for trial in results.trials.iter_mut().filter(|one| one.model == "mio") {
        trial.model = evil.to_owned();
    }
    let page = page(results.clone(), "en");
    assert_eq!(wrongs(&page), [""; 0]);
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert!(!data(&page).contains('<'));
    let document: Document = serde_json::from_str(data(&page)).expect("a document");
    assert_eq!(document.results.models, results.models);
    assert_eq!(document.results.proofs, results.proofs);
}

/// What the page carries.
fn data(page: &str) -> &str {
    let start = "<script type=\"application/json\" id=\"results\">";
    let json = element(page, start, "</script>");
    let json = json.strip_prefix(start);
    json.and_then(|one| one.strip_suffix("</script>"))
        .expect("the data")
}

#[test]
fn the_page_carries_all_that_was_measured() {
    let document = Document::new(sample::results());
    let page = sample_page("es");
    assert_eq!(
        Some(data(page)),
        serde_json::to_string(&document).ok().as_deref()
    );
}

#[test]
fn a_model_that_was_refused_says_so() {
    let mut results = sample::results();
    results.trials.retain(|one| one.model != "tokio");
    results.proofs[3] = Proof {
        model: "tokio".to_owned(),
        same: false,
        difference: Some(("show \"HOLA\"".to_owned(), "show \"hola\"".to_owned())),
    };
    let page = page(results, "en");
    let table = element(&page, "<table class=\"headline\"", "</table>");
    let refused = "REFUSED: its transcript is not the reference&#39;s";
    assert_eq!(table.matches(refused).count(), LOADS.len());
    assert!(page.contains("− show &quot;HOLA&quot;\n+ show &quot;hola&quot;"));
}

#[test]
fn with_little_there_is_still_a_page() {
    let all = sample::results();
    let mut nothing = all.clone();
    nothing.trials.clear();
    nothing.idle.clear();
    nothing.knees.clear();
    let mut less = nothing.clone();
    less.models.clear();
    less.loads.clear();
    less.proofs.clear();
    // A server that is not ours to ask: no CPU time, no operations.
    let mut target = all;
    for trial in &mut target.trials {
        trial.server = None;
    }
    for results in [nothing, less, target] {
        let page = page(results, "en");
        assert_eq!(wrongs(&page), [""; 0]);
        assert!(
            !page.contains("NaN") && !page.contains("inf"),
            "a coordinate"
        );
        assert!(!page.contains("<figure id=\"cpu\""));
    }
}

#[test]
fn pictures_and_sources_are_there() {
    let page = sample_page("en");
    for picture in sample::pictures() {
        assert!(page.contains(&picture.svg));
    }
    assert!(page.contains("<span class=\"line comment\">/// What is known of a model.\n</span>"));
    let there = page.matches("class=\"line wait\" id=\"wait-").count();
    assert_eq!(there, sample::sources().len() - 1);
    assert!(page.contains("id=\"wait-1\">const CONNECTIONS: [u32; 4]"));
    assert!(page.contains(sample::COMMAND));
}
