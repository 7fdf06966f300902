//! The report's words as users read them.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use socklab_compare::Texts;

/// A language of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    En,
    /// Spanish.
    Es,
}

/// The messages of a language. One that is missing, or lacks a variable, is a panic.
pub(crate) struct Fluent(FluentBundle<FluentResource>);

impl Fluent {
    /// Those of the command's own files.
    pub(crate) fn new(language: Language) -> Self {
        let (tag, sources) = match language {
            Language::En => (
                "en",
                [
                    include_str!("../../../../cli/locales/en-compare.ftl"),
                    include_str!("../../../../cli/locales/en-report.ftl"),
                ],
            ),
            Language::Es => (
                "es",
                [
                    include_str!("../../../../cli/locales/es-compare.ftl"),
                    include_str!("../../../../cli/locales/es-report.ftl"),
                ],
            ),
        };
        let mut bundle = FluentBundle::new(vec![tag.parse().expect("a language")]);
        bundle.set_use_isolating(false);
        for source in sources {
            let resource = FluentResource::try_new(source.to_owned()).expect("messages");
            bundle.add_resource(resource).expect("each once");
        }
        Fluent(bundle)
    }
}

impl Texts for Fluent {
    fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let message = self.0.get_message(id);
        let pattern = message.and_then(|one| one.value());
        let pattern = pattern.unwrap_or_else(|| panic!("no message {id:?}"));
        // As the command does: whole numbers choose plurals.
        let value = |text: &str| match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => FluentValue::from(number),
            _ => FluentValue::from(text.to_owned()),
        };
        let values = values.iter().map(|(name, text)| (*name, value(text)));
        let values: FluentArgs<'_> = values.collect();
        let mut errors = Vec::new();
        let said = self.0.format_pattern(pattern, Some(&values), &mut errors);
        assert!(errors.is_empty(), "{id}: {errors:?}");
        said.into_owned()
    }
}
