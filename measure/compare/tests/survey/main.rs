//! What the six questions say: marks, sentences, the table and the page.

#[path = "../common/messages.rs"]
mod common;
mod headline;
mod made;

use fastrand::Rng;
use made::{Like, SAME, SERVERS, SLICES, normal, survey};
use socklab_compare::survey::sentences::SurveyText;
use socklab_compare::survey::{
    Absent, AbsentReason, Mark, Matrix, MatrixCell, Question, Survey, SurveyMetric, page, table,
};
use socklab_text::Messages;

const LANGUAGES: [&str; 2] = ["en", "es"];

/// What stands on the terminal under the title.
fn shown(survey: &Survey, language: &str) -> String {
    let messages = common::messages(language);
    let matrix = Matrix::new(survey);
    let text = SurveyText::new(survey, &matrix, &messages);
    let mut lines = vec![text.headline(), String::new()];
    lines.push(table::terminal(&matrix, &messages));
    lines.extend(text.sentences());
    lines.extend(text.failures());
    lines.join("\n")
}

#[test]
fn the_six_questions_in_both_languages() {
    for language in LANGUAGES {
        let shown = shown(&survey(&SERVERS, 0.02, 1), language);
        insta::assert_snapshot!(format!("survey-{language}"), shown);
        for line in shown
            .lines()
            .take_while(|line| !line.starts_with("1 "))
            .skip(1)
        {
            assert!(line.chars().count() <= table::WIDTH, "{line}");
        }
    }
}

/// The table apart, and the legend is of the table.
#[test]
fn it_is_read_in_a_minute() {
    for language in LANGUAGES {
        let messages = common::messages(language);
        let survey = survey(&SERVERS, 0.02, 2);
        let matrix = Matrix::new(&survey);
        let text = SurveyText::new(&survey, &matrix, &messages);
        let text = [vec![text.headline()], text.sentences()].concat().join(" ");
        let words = text.split_whitespace().count();
        assert!(words <= 250, "{words}: {text}");
    }
}

fn column(matrix: &Matrix, question: Question, measure: SurveyMetric) -> &[MatrixCell] {
    &matrix
        .column(question, measure)
        .expect("it was asked")
        .cells
}

#[test]
fn marks_are_sure_or_absent() {
    let matrix = Matrix::new(&survey(&SERVERS, 0.02, 3));
    let busy = column(&matrix, Question::HundredBusy, SurveyMetric::Cpu);
    assert_eq!(busy[0], MatrixCell::Absent(AbsentReason::Serves(1)));
    assert!(busy[6].is_best());
    let times = busy[1].worse().expect("threads are worse");
    assert!((times - 6.1 / 3.4).abs() < 0.15, "{times}");
    let client = column(&matrix, Question::SlowClient, SurveyMetric::P99);
    assert!(client[0].worse().expect("it makes others wait") > 500.0);
    let bytes = column(&matrix, Question::Silent, SurveyMetric::Bytes);
    assert!((bytes[1].worse().expect("a stack each") - 19_200.0 / 410.0).abs() < 1.0);
}

/// With noise as large as the differences nothing is claimed, but what is a hundred times as large.
#[test]
fn what_noise_may_have_made_has_no_mark() {
    let matrix = Matrix::new(&survey(&SERVERS, 0.5, 4));
    let busy = column(&matrix, Question::HundredBusy, SurveyMetric::Cpu);
    assert!(busy.iter().all(|cell| cell.worse().is_none()), "{busy:?}");
    let unsure = |cell: &MatrixCell| matches!(cell, MatrixCell::Figure(_, Mark::Unsure));
    assert!(busy.iter().any(unsure));
    let client = column(&matrix, Question::SlowClient, SurveyMetric::P99);
    assert!(client[0].worse().is_some(), "{client:?}");
}

/// Among servers that are the same, how often any mark says otherwise.
#[test]
fn the_same_server_is_seldom_told_from_itself() {
    let same = || ["a", "b", "c", "d", "e"].map(|name| Like { name, ..SAME });
    let runs: u32 = 200;
    let told = (0..runs).filter(|seed| {
        let matrix = Matrix::new(&survey(&same(), 0.05, u64::from(*seed)));
        let mut cells = matrix.columns.iter().flat_map(|column| &column.cells);
        cells.any(|cell| cell.worse().is_some())
    });
    let told = told.count() as f64 / f64::from(runs);
    assert!(told <= 0.05, "{told}");
}

/// The slices of a contestant in the question of the slow request.
fn slices<'s>(survey: &'s mut Survey, name: &'s str) -> impl Iterator<Item = &'s mut f64> {
    let questions = survey.questions.iter_mut();
    let asked = questions.filter(|one| one.question == Question::SlowRequest);
    let waits = asked.flat_map(|results| results.waits.iter_mut());
    let of = waits.filter(move |one| one.model == name);
    of.flat_map(|one| &mut one.p99)
}

/// A server that makes nobody wait, in slices of which other programs disturb three of twelve.
#[test]
fn a_difference_of_fifty_times_is_not_lost_to_disturbed_slices() {
    for (disturbed, seed) in
        (0..=3).flat_map(|disturbed| (0..100).map(move |seed| (disturbed, seed)))
    {
        let mut survey = survey(&SERVERS, 0.1, seed);
        let mut rng = Rng::with_seed(seed);
        for wait in slices(&mut survey, "blocking") {
            *wait = 420.0 * (0.3 * normal(&mut rng)).exp();
        }
        let mut places: Vec<usize> = (0..3 * SLICES).collect();
        rng.shuffle(&mut places);
        for (at, wait) in slices(&mut survey, "blocking").enumerate() {
            if places[at] < disturbed {
                *wait = 1e3 * (5.0 + 40.0 * rng.f64());
            }
        }
        let matrix = Matrix::new(&survey);
        let request = column(&matrix, Question::SlowRequest, SurveyMetric::P99);
        assert!(request[1].is_best(), "{disturbed}, {seed}: {request:?}");
        for cell in [0, 2, 3, 4, 5, 6].map(|at| &request[at]) {
            let times = cell.worse().unwrap_or_default();
            assert!(times > 25.0, "{disturbed}, {seed}: {request:?}");
        }
    }
}

/// Servers that are the same, though each process is a little slower or faster in all its slices,
/// and other programs disturb a quarter of the slices.
#[test]
fn disturbed_slices_do_not_tell_the_same_server_from_itself() {
    let same = || ["a", "b", "c", "d", "e", "f", "g"].map(|name| Like { name, ..SAME });
    let runs: u32 = 400;
    let told = (0..runs).filter(|seed| {
        let mut survey = survey(&same(), 0.05, u64::from(*seed));
        let mut rng = Rng::with_seed(u64::from(*seed));
        for results in &mut survey.questions {
            for round in &mut results.waits {
                let process = (0.15 * normal(&mut rng)).exp();
                for wait in &mut round.p99 {
                    let disturbed = rng.f64() < 0.25;
                    *wait *= process
                        * if disturbed {
                            1.0 + 60.0 * rng.f64()
                        } else {
                            1.0
                        };
                }
            }
        }
        let matrix = Matrix::new(&survey);
        let mut cells = matrix.columns.iter().flat_map(|column| &column.cells);
        cells.any(|cell| cell.worse().is_some())
    });
    let told = told.count();
    assert!(told * 20 <= runs as usize, "{told} of {runs}");
}

#[test]
fn those_who_failed_are_told_with_what_they_said() {
    let mut survey = survey(&SERVERS[1..], 0.02, 5);
    let absent = |model: &str, why| Absent {
        model: model.to_owned(),
        why,
    };
    for results in &mut survey.questions {
        results.trials.retain(|one| one.model != "tokio");
        let (after, said) = (7, "UnicodeDecodeError: \x1b[31mñ".to_owned());
        results
            .absent
            .push(absent("tokio", AbsentReason::Stopped { after, said }));
    }
    for language in LANGUAGES {
        let shown = shown(&survey, language);
        let failure = shown.lines().last().expect("a line");
        assert!(
            failure.starts_with("tokio ") && failure.contains(" 7 "),
            "{failure}"
        );
        assert!(failure.contains("UnicodeDecodeError") && !failure.contains('\x1b'));
    }
    let matrix = Matrix::new(&survey);
    let messages = common::messages("en");
    assert!(SurveyText::new(&survey, &matrix, &messages).failed());
}

#[test]
fn the_page_has_the_matrix_and_is_safe() {
    for language in LANGUAGES {
        let messages = common::messages(language);
        let survey = survey(&SERVERS, 0.02, 6);
        let matrix = Matrix::new(&survey);
        let page = page::html(&survey, &matrix, "socklab compare", &[], &messages);
        let text = SurveyText::new(&survey, &matrix, &messages);
        for sentence in text.sentences() {
            let text = sentence.split_once(' ').expect("a number").1;
            let text = text.replace('\'', "&#39;");
            assert!(page.contains(&text), "{text}");
        }
        assert_eq!(
            page.matches("<td data-question").count() + page.matches("<td class=").count(),
            49
        );
        assert!(page.contains("A CPU &amp; &lt;more&gt;"));
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(page.contains(&format!("<html lang=\"{language}\">")));
    }
}

/// What the page says of cores is true of this run.
#[test]
fn the_page_says_which_cores_the_servers_had() {
    let mut survey = survey(&SERVERS, 0.02, 6);
    let set = |survey: &mut Survey, cores: &str, caution: &str| {
        let facts = survey.environment.facts.iter_mut();
        for (_, value) in facts.filter(|(name, _)| name == "server-cores") {
            cores.clone_into(value);
        }
        survey.environment.cautions = vec![caution.to_owned()];
    };
    for language in LANGUAGES {
        let messages = common::messages(language);
        let cases = [
            ("1", "virtual-machine", "survey-page-own-core"),
            ("any", "shared-core", "survey-page-shared-core"),
            ("any", "unpinned", "survey-page-any-core"),
        ];
        for (cores, caution, id) in cases {
            set(&mut survey, cores, caution);
            let matrix = Matrix::new(&survey);
            let page = page::html(&survey, &matrix, "socklab compare", &[], &messages);
            for (_, _, other) in cases {
                let said = messages.say(other).replace('\'', "&#39;");
                assert_eq!(
                    page.contains(&said),
                    other == id,
                    "{cores}, {caution}: {said}"
                );
            }
        }
    }
}

#[test]
fn choices_name_those_that_are_best_for_it() {
    let survey = survey(&SERVERS, 0.02, 7);
    let matrix = Matrix::new(&survey);
    let messages = common::messages("en");
    let choices = SurveyText::new(&survey, &matrix, &messages).choices();
    let of = |id: &str| {
        choices
            .iter()
            .find(|one| one.0 == id)
            .map(|one| one.1.as_str())
    };
    // select and nonblocking are as small, but look at all of them for each reply.
    assert_eq!(of("silent"), Some("mio"));
    assert_eq!(of("one"), Some("nonblocking"));
    assert_eq!(of("blocking"), Some("blocking"));
}

/// Servers that look different are not as good as each other, however noisy the run.
#[test]
fn an_unsure_run_recommends_no_server() {
    let messages = common::messages("en");
    let chosen = |seed| {
        let survey = survey(&SERVERS, 0.2 * (1 + seed % 8) as f64, seed);
        let matrix = Matrix::new(&survey);
        let choices = SurveyText::new(&survey, &matrix, &messages).choices();
        let blocking = choices.into_iter().find(|one| one.0 == "blocking");
        blocking.map(|one| one.1)
    };
    let all: Vec<_> = (0..160).filter_map(chosen).collect();
    assert!(
        all.iter().any(|one| one == "not sure in this run"),
        "{all:?}"
    );
    assert!(all.iter().all(|one| one != "any"), "{all:?}");
    // Nor does it name one that looks as if it waited.
    let named = all.iter().filter(|one| *one != "not sure in this run");
    assert!(named.clone().all(|one| !one.contains("mio")), "{all:?}");
}

/// Where all wait equally long, there is no best one for whom "nobody waits" would be true.
#[test]
fn where_everybody_waits_nobody_is_said_to_be_spared() {
    let waiting = [SERVERS[2], SERVERS[4], SERVERS[5]];
    let survey = survey(&waiting, 0.02, 9);
    let matrix = Matrix::new(&survey);
    let messages = common::messages("en");
    let text = SurveyText::new(&survey, &matrix, &messages);
    let request = &text.sentences()[4];
    assert!(
        request.contains("with every one of these servers the others wait, 20 to 20 ms"),
        "{request}"
    );
    assert!(text.choices().iter().all(|(id, _)| *id != "blocking"));
}

/// On a busy machine clients wait for the best one too, but not as long.
#[test]
fn a_busy_machine_does_not_hide_who_makes_clients_wait() {
    let mut survey = survey(&SERVERS, 0.1, 10);
    slices(&mut survey, "blocking").for_each(|wait| *wait *= 20.0);
    let matrix = Matrix::new(&survey);
    let messages = common::messages("en");
    let request = &SurveyText::new(&survey, &matrix, &messages).sentences()[4];
    let said = "with blocking nobody waits; it stops all the others";
    assert!(request.contains(said), "{request}");
}

#[test]
fn it_is_kept_and_read_again() {
    let survey = survey(&SERVERS, 0.02, 8);
    let json = serde_json::to_string(&survey).expect("JSON");
    let read: Survey = serde_json::from_str(&json).expect("a survey");
    assert_eq!(read, survey);
}
