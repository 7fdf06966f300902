//! What the command says, in the user's language.
//!
//! The messages are in `locales/*.ftl`, in Fluent: plurals and word order belong to each language
//! and not to the code. Text that goes into a message is escaped here, once for all, so that no
//! message can carry a peer's control or bidi characters to the terminal; Fluent's own isolation
//! marks, which are such characters, are therefore off.

mod language;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub(crate) use language::Language;

use crate::escape;

/// The files of a language: one for the lab, one for each of the larger commands.
macro_rules! files {
    ($language:literal) => {
        concat!(
            include_str!(concat!("../locales/", $language, ".ftl")),
            "\n",
            include_str!(concat!("../locales/", $language, "-compare.ftl")),
            "\n",
            include_str!(concat!("../locales/", $language, "-report.ftl")),
            "\n",
            include_str!(concat!("../locales/", $language, "-timeline.ftl")),
            "\n",
            include_str!(concat!("../locales/", $language, "-lesson.ftl")),
        )
    };
}

const ES: &str = files!("es");
pub(crate) const EN: &str = files!("en");

/// The messages of one language. Threads may share it.
pub(crate) struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The messages of that language.
    pub(crate) fn new(language: Language) -> Self {
        let (tag, source) = match language {
            Language::Es => ("es", ES),
            Language::En => ("en", EN),
        };
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().expect("a language tag")]);
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, errors)| {
                debug_assert!(false, "locales: {errors:?}");
                read
            });
        if let Err(errors) = bundle.add_resource(resource) {
            debug_assert!(false, "locales: {errors:?}");
        }
        Words { language, bundle }
    }

    /// Whether there is such a message.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// A message without variables.
    pub(crate) fn say(&self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// A message with its variables: `words.say_with("retry", &[("attempt", &1), ("of", &3)])`.
    ///
    /// A message or a variable that is missing is a mistake in this program: it panics in debug
    /// builds, so that a test finds it; a user is better served by the message's id than by a panic.
    pub(crate) fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|one| one.value()) else {
            debug_assert!(false, "no message {id:?} in {:?}", self.language);
            return id.to_owned();
        };
        let arguments: FluentArgs<'_> = variables
            .iter()
            .map(|(name, variable)| (*name, variable.value()))
            .collect();
        let mut errors = Vec::new();
        let said = self
            .bundle
            .format_pattern(pattern, Some(&arguments), &mut errors);
        if !errors.is_empty() {
            debug_assert!(false, "{id:?} in {:?}: {errors:?}", self.language);
            return id.to_owned();
        }
        said.into_owned()
    }
}

/// For the crates that know what to say and not how. A value that is a whole number chooses plurals; all others are text.
impl socklab_compare::Texts for Words {
    fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let value = |text: &str| match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => Given::Number(number),
            _ => Given::Text(text.to_owned()),
        };
        let given: Vec<(&str, Given)> = values
            .iter()
            .map(|(name, text)| (*name, value(text)))
            .collect();
        let variables: Vec<(&str, &dyn Variable)> = given
            .iter()
            .map(|(name, value)| (*name, value as &dyn Variable))
            .collect();
        self.say_with(id, &variables)
    }
}

/// A variable that came as text.
enum Given {
    Number(u64),
    Text(String),
}

impl Variable for Given {
    fn value(&self) -> FluentValue<'_> {
        match self {
            Given::Number(number) => number.value(),
            Given::Text(text) => text.value(),
        }
    }
}

/// What can go into a message. Numbers choose plurals; text is escaped.
pub(crate) trait Variable {
    /// Itself, as Fluent takes it.
    fn value(&self) -> FluentValue<'_>;
}

impl Variable for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::String(escape::text(self))
    }
}

impl Variable for String {
    fn value(&self) -> FluentValue<'_> {
        self.as_str().value()
    }
}

impl<T: Variable + ?Sized> Variable for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

/// Files are named as well as they can be in text.
impl Variable for Path {
    fn value(&self) -> FluentValue<'_> {
        let shown = escape::text(&self.to_string_lossy()).into_owned();
        FluentValue::String(shown.into())
    }
}

impl Variable for PathBuf {
    fn value(&self) -> FluentValue<'_> {
        self.as_path().value()
    }
}

/// Time is told in seconds.
impl Variable for Duration {
    fn value(&self) -> FluentValue<'_> {
        self.as_secs_f64().into()
    }
}

macro_rules! shown {
    ($($of:ty)*) => {$(
        impl Variable for $of {
            fn value(&self) -> FluentValue<'_> {
                self.to_string().into()
            }
        }
    )*};
}

macro_rules! numbers {
    ($($of:ty)*) => {$(
        impl Variable for $of {
            fn value(&self) -> FluentValue<'_> {
                (*self).into()
            }
        }
    )*};
}

shown!(IpAddr SocketAddr);
numbers!(u16 u32 u64 usize i32 i64 f64);
