//! What the headline and the sentences may say, for given marks.

use socklab_compare::survey::sentences::SurveyText;
use socklab_compare::survey::{Column, Mark, Matrix, MatrixCell, Question, SurveyMetric};

use super::common;
use super::made::{SERVERS, survey};

/// A matrix of one column for each list of marks. A worse one's figure is beside its mark.
fn marked(columns: &[&[(f64, Mark)]]) -> Matrix {
    let contestants = ["a", "b", "c"].map(str::to_owned);
    let column = |cells: &&[(f64, Mark)]| Column {
        question: Question::OneClient,
        measure: SurveyMetric::P50,
        cells: (cells.iter())
            .map(|(figure, mark)| MatrixCell::Figure(*figure, *mark))
            .collect(),
    };
    Matrix {
        contestants: contestants.to_vec(),
        columns: columns.iter().map(column).collect(),
    }
}

/// The headline claims nothing that is unsure.
#[test]
fn the_headline_calls_none_worse_that_only_looks_it() {
    let survey = survey(&SERVERS, 0.02, 1);
    let messages = common::messages("en");
    let (best, unsure) = ((10.0, Mark::Best), (15.0, Mark::Unsure));
    let worse = (15.0, Mark::Worse(1.5));
    for (columns, said) in [
        (
            [[best, best, best], [best, best, best]],
            "All are as good: no question tells these servers apart.",
        ),
        (
            [[best, unsure, unsure], [best, best, unsure]],
            "This run is not enough to tell these servers apart.",
        ),
        (
            [[best, unsure, best], [unsure, best, best]],
            "This run is not enough to tell these servers apart.",
        ),
        (
            [[best, worse, worse], [best, best, unsure]],
            "a is among the best in every question.",
        ),
        (
            [[best, unsure, worse], [best, best, unsure]],
            "a is among the best in every question, and perhaps b too.",
        ),
        (
            [[best, unsure, worse], [worse, best, best]],
            "Perhaps b is among the best in every question; no other server is.",
        ),
        (
            [[best, worse, worse], [worse, best, unsure]],
            "No model wins everywhere.",
        ),
    ] {
        let columns: Vec<_> = columns.iter().map(|cells| &cells[..]).collect();
        let matrix = marked(&columns);
        let text = SurveyText::new(&survey, &matrix, &messages);
        assert_eq!(text.headline(), said, "{columns:?}");
    }
}

/// "Only" those survive a slow request that surely do, if it is sure of all others that they do
/// not.
#[test]
fn the_headline_says_only_of_a_slow_request_if_it_is_sure() {
    let messages = common::messages("en");
    let survey = survey(&SERVERS, 0.02, 1);
    let mut matrix = Matrix::new(&survey);
    let headline = |matrix: &Matrix| SurveyText::new(&survey, matrix, &messages).headline();
    let only = |matrix: &Matrix| headline(matrix).contains("only blocking survives");
    assert!(only(&matrix), "{}", headline(&matrix));
    let places = matrix.columns.iter_mut();
    let request = (places.into_iter())
        .find(|one| one.question == Question::SlowRequest)
        .expect("it was asked");
    request.cells[5] = MatrixCell::Figure(20_000.0, Mark::Unsure);
    assert_eq!(headline(&matrix), "No model wins everywhere.");
    for (language, said) in [
        ("en", "20 ms; whether tokio too, this run cannot tell."),
        (
            "es",
            "20 ms; esta medición no permite saber si también con tokio.",
        ),
    ] {
        let messages = common::messages(language);
        let sentences = SurveyText::new(&survey, &matrix, &messages).sentences();
        assert!(sentences[4].ends_with(said), "{}", sentences[4]);
    }
}

/// Figures need not be in the order of the ratios.
#[test]
fn a_range_of_figures_goes_up() {
    let survey = survey(&SERVERS, 0.02, 1);
    let messages = common::messages("en");
    let cells = [
        (10.0, Mark::Best),
        (14.0, Mark::Worse(1.5)),
        (15.0, Mark::Worse(1.4)),
    ];
    for cells in [cells, [cells[0], cells[2], cells[1]]] {
        let matrix = marked(&[&cells]);
        let sentence = &SurveyText::new(&survey, &matrix, &messages).sentences()[0];
        let said = "One client: a answers in 10 µs, the others in 14 to 15 (×1.5).";
        assert!(sentence.contains(said), "{sentence}");
    }
}
