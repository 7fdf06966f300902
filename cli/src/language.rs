//! The languages of the command, and how the user's is chosen.
//!
//! The messages are in `locales/*.ftl`.

#[cfg(test)]
mod messages;

use std::env;
use std::fmt;

use socklab_text::{Messages, Translations};

/// The files of a language: one for the lab, one for each of the larger commands.
macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!("../locales/", $language, ".ftl")),
            include_str!(concat!("../locales/", $language, "-compare.ftl")),
            include_str!(concat!("../locales/", $language, "-survey.ftl")),
            include_str!(concat!("../locales/", $language, "-report.ftl")),
            include_str!(concat!("../locales/", $language, "-timeline.ftl")),
            include_str!(concat!("../locales/", $language, "-lesson.ftl")),
            include_str!(concat!("../locales/", $language, "-check.ftl")),
        ]
    };
}

pub(crate) const ES: [&str; 7] = files!("es");
pub(crate) const EN: [&str; 7] = files!("en");

/// A language into which everything is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Spanish, the course's own.
    Es,
    /// English.
    En,
}

impl Language {
    /// The language of `--lang`, else of `SOCKLAB_LANG`, else of the locale, else English.
    ///
    /// Only `--lang` can be wrong: what is in the environment may be meant for other programs.
    pub(crate) fn choose(flag: Option<&str>) -> Result<Language, UnknownLanguage> {
        let of_environment = || of_environment(|name| env::var(name).ok(), sys_locale::get_locales);
        match flag {
            None => Ok(of_environment()),
            Some(tag) => Self::of_tag(tag).ok_or_else(|| UnknownLanguage {
                value: tag.to_owned(),
                language: of_environment(),
            }),
        }
    }

    /// The messages of this language.
    pub(crate) fn messages(self) -> Translations {
        match self {
            Language::Es => Translations::new("es", &ES),
            Language::En => Translations::new("en", &EN),
        }
    }

    /// The language of a tag or a locale: `es`, `es-MX`, `es_ES.UTF-8@euro`.
    fn of_tag(tag: &str) -> Option<Language> {
        match language_of(tag) {
            es if es.eq_ignore_ascii_case("es") => Some(Language::Es),
            en if en.eq_ignore_ascii_case("en") => Some(Language::En),
            _ => None,
        }
    }
}

/// The first part of a tag or a locale.
fn language_of(tag: &str) -> &str {
    tag.split(['-', '_', '.', '@']).next().unwrap_or(tag)
}

/// The language of `SOCKLAB_LANG`, else of the locale, else English.
///
/// The locale's variables are read here, on every system and before asking the system itself:
/// sys-locale does not look at them on macOS and Windows, where a terminal may set them, and on
/// Linux it lets `LANGUAGE` speak even when `LC_ALL=C` asks for no translation. Here the rule is
/// gettext's: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is not empty is the locale; `C`
/// and `POSIX` mean English; with any other, the languages listed in `LANGUAGE` come before its
/// own.
fn of_environment<I: IntoIterator<Item = String>>(
    variable: impl Fn(&str) -> Option<String>,
    system: impl FnOnce() -> I,
) -> Language {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(language) = set("SOCKLAB_LANG").and_then(|tag| Language::of_tag(&tag)) {
        return language;
    }
    let chosen = match ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set) {
        Some(locale) if matches!(language_of(&locale), "C" | "POSIX") => None,
        Some(locale) => set("LANGUAGE")
            .unwrap_or_default()
            .split(':')
            .chain([locale.as_str()])
            .find_map(Language::of_tag),
        None => system().into_iter().find_map(|tag| Language::of_tag(&tag)),
    };
    chosen.unwrap_or(Language::En)
}

/// `--lang` was given something that is not a language of this command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownLanguage {
    value: String,
    language: Language,
}

/// One line, in the language that the environment asks for.
impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self
                .language
                .messages()
                .say_with("lang-unknown", &[("value", &self.value)]),
        )
    }
}

impl std::error::Error for UnknownLanguage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (tag, language) in [
            ("es", Some(Language::Es)),
            ("ES", Some(Language::Es)),
            ("es-MX", Some(Language::Es)),
            ("es_ES.UTF-8", Some(Language::Es)),
            ("es@euro", Some(Language::Es)),
            ("en", Some(Language::En)),
            ("en_GB", Some(Language::En)),
            ("", None),
            ("e", None),
            ("est", None),
            ("español", None),
            ("C", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }

    #[test]
    fn the_environment() {
        use Language::{En, Es};
        let nothing: &[(&str, &str)] = &[];
        for (variables, system, language) in [
            (nothing, &[][..], En),
            (nothing, &["es-ES"], Es),
            (nothing, &["ca-ES", "es-ES", "en"], Es),
            (nothing, &["fr-FR"], En),
            (
                &[("SOCKLAB_LANG", "es"), ("LC_ALL", "en_US.UTF-8")],
                &[],
                Es,
            ),
            (
                &[("SOCKLAB_LANG", "en"), ("LC_ALL", "es_ES.UTF-8")],
                &[],
                En,
            ),
            // Not a language of ours: the locale decides.
            (&[("SOCKLAB_LANG", "fr"), ("LANG", "es_ES.UTF-8")], &[], Es),
            (&[("SOCKLAB_LANG", ""), ("LANG", "es_ES.UTF-8")], &[], Es),
            // LC_ALL, then LC_MESSAGES, then LANG; empty means not set.
            (
                &[
                    ("LC_ALL", "es_ES"),
                    ("LC_MESSAGES", "en_US"),
                    ("LANG", "en_US"),
                ],
                &[],
                Es,
            ),
            (
                &[("LC_MESSAGES", "es_ES"), ("LANG", "en_US")],
                &["en-US"],
                Es,
            ),
            (
                &[("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", "es_AR")],
                &["en-US"],
                Es,
            ),
            (&[("LC_ALL", "fr_FR"), ("LANG", "es_ES")], &["es-ES"], En),
            // No translation asked for.
            (
                &[("LC_ALL", "C"), ("LANG", "es_ES"), ("LANGUAGE", "es")],
                &["es-ES"],
                En,
            ),
            (&[("LC_ALL", "POSIX"), ("LANG", "es_ES")], &["es-ES"], En),
            (&[("LANG", "C.UTF-8"), ("LANGUAGE", "es")], &["es-ES"], En),
            // gettext's list of languages.
            (&[("LANG", "en_US"), ("LANGUAGE", "es_ES:es")], &[], Es),
            (&[("LANG", "es_ES"), ("LANGUAGE", "fr:en:es")], &[], En),
            (&[("LANG", "es_ES"), ("LANGUAGE", "ca:")], &[], Es),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(one, _)| *one == name)?;
                Some(found.1.to_owned())
            };
            let system = || system.iter().map(|&tag| tag.to_owned());
            assert_eq!(of_environment(variable, system), language, "{variables:?}");
        }
    }

    #[test]
    fn the_flag() {
        assert_eq!(Language::choose(Some("es")), Ok(Language::Es));
        assert_eq!(Language::choose(Some("en")), Ok(Language::En));
        assert!(Language::choose(None).is_ok());
        for wrong in ["", "fr", "español"] {
            let error = Language::choose(Some(wrong)).expect_err(wrong);
            assert_eq!(error.value, wrong);
        }
    }

    #[test]
    fn an_unknown_language_is_one_clear_line() {
        for (language, line) in [
            (Language::En, r#"--lang does not know "f\nr": use es or en"#),
            (Language::Es, r"--lang no conoce «f\nr»: use es o en"),
        ] {
            let value = "f\nr".to_owned();
            assert_eq!(UnknownLanguage { value, language }.to_string(), line);
        }
    }
}
