//! Messages in Fluent: each language has its own plurals and word order, outside of the code.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::escape;
use crate::messages::{Messages, Value, Variable};

/// The messages of one language, in Fluent's format.
///
/// Variables are escaped here, once for all messages, so no message can carry a peer's control or
/// bidi characters to the terminal. Fluent's own isolation marks are such characters, so they are
/// off.
pub struct Translations {
    tag: &'static str,
    decimal_mark: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Translations {
    /// The messages of the language with this tag, such as `es`.
    pub fn new(tag: &'static str, sources: &[&str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().expect("a language tag")]);
        bundle.set_use_isolating(false);
        for source in sources {
            let resource = FluentResource::try_new((*source).to_owned());
            let resource = resource.unwrap_or_else(|(read, errors)| {
                debug_assert!(false, "locales: {errors:?}");
                read
            });
            if let Err(errors) = bundle.add_resource(resource) {
                debug_assert!(false, "locales: {errors:?}");
            }
        }
        let decimal_mark = if tag == "es" { "," } else { "." };
        if decimal_mark == "," {
            bundle.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) => Some(number.as_string().replace('.', ",")),
                _ => None,
            }));
        }
        Translations {
            tag,
            decimal_mark,
            bundle,
        }
    }
}

impl Messages for Translations {
    fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// A missing message or variable is a mistake in this program. In debug builds it panics, so
    /// that a test finds it. In release builds it shows the message's id.
    fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|one| one.value()) else {
            debug_assert!(false, "no message {id:?} in {:?}", self.tag);
            return id.to_owned();
        };
        let arguments = variables.iter().map(|(name, variable)| {
            let value = match variable.value() {
                Value::Text(text) => FluentValue::from(escape::text(&text).into_owned()),
                Value::Number(number) => FluentValue::from(number),
            };
            (*name, value)
        });
        let arguments: FluentArgs<'_> = arguments.collect();
        let mut errors = Vec::new();
        let said = self
            .bundle
            .format_pattern(pattern, Some(&arguments), &mut errors);
        if !errors.is_empty() {
            debug_assert!(false, "{id:?} in {:?}: {errors:?}", self.tag);
            return id.to_owned();
        }
        said.into_owned()
    }

    fn decimal_mark(&self) -> &'static str {
        self.decimal_mark
    }
}
