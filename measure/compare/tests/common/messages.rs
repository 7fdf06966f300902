//! The command's own messages.

use socklab_text::Translations;

/// The messages of `en` or `es`. One that is missing, or lacks a variable, is a panic.
pub(crate) fn messages(language: &str) -> Translations {
    match language {
        "es" => Translations::new(
            "es",
            &[
                include_str!("../../../../cli/locales/es-compare.ftl"),
                include_str!("../../../../cli/locales/es-report.ftl"),
                include_str!("../../../../cli/locales/es-survey.ftl"),
            ],
        ),
        _ => Translations::new(
            "en",
            &[
                include_str!("../../../../cli/locales/en-compare.ftl"),
                include_str!("../../../../cli/locales/en-report.ftl"),
                include_str!("../../../../cli/locales/en-survey.ftl"),
            ],
        ),
    }
}
