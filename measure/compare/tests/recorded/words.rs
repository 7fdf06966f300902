//! The command's own messages, read from its files.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use socklab_compare::Texts;

pub(crate) struct Words(FluentBundle<FluentResource>);

impl Words {
    /// Those of `en` or `es`.
    pub(crate) fn new(language: &str) -> Self {
        let here = env!("CARGO_MANIFEST_DIR");
        let path = format!("{here}/../../cli/locales/{language}-compare.ftl");
        let source = std::fs::read_to_string(path).expect("a file of messages");
        let resource = FluentResource::try_new(source).expect("messages");
        let mut bundle = FluentBundle::new(vec![language.parse().expect("a language")]);
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).expect("each message once");
        Words(bundle)
    }
}

impl Texts for Words {
    fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let message = self.0.get_message(id).and_then(|one| one.value());
        let pattern = message.unwrap_or_else(|| panic!("no message {id}"));
        let mut given = FluentArgs::new();
        for (name, value) in values {
            let number = value.parse::<u64>().ok();
            given.set(
                *name,
                number.map_or_else(|| FluentValue::from(*value), FluentValue::from),
            );
        }
        let mut errors = Vec::new();
        let said = self.0.format_pattern(pattern, Some(&given), &mut errors);
        assert_eq!(errors, [], "{id}");
        said.into_owned()
    }
}
