//! Messages by their ids, and the values that they can show.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The messages of one language. Threads may share them.
pub trait Messages: Send + Sync {
    /// A message with its variables: `messages.say_with("retry", &[("attempt", &1), ("of", &3)])`.
    fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String;

    /// A message without variables.
    fn say(&self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// Whether there is a message with this id.
    fn has(&self, id: &str) -> bool;

    /// What separates a number's whole part from its decimals.
    fn decimal_mark(&self) -> &'static str {
        "."
    }

    /// A number that was written with a point, in the language's way.
    fn number(&self, written: &str) -> String {
        written.replace('.', self.decimal_mark())
    }
}

/// The value of a variable in a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text, which the message shows escaped.
    Text(Cow<'a, str>),
    /// A number, which chooses the plural.
    Number(f64),
}

/// A type whose values can be shown in a message.
pub trait Variable {
    /// The value to show.
    fn value(&self) -> Value<'_>;
}

impl Variable for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self.into())
    }
}

impl Variable for String {
    fn value(&self) -> Value<'_> {
        self.as_str().value()
    }
}

impl<T: Variable + ?Sized> Variable for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl Variable for Path {
    fn value(&self) -> Value<'_> {
        Value::Text(self.to_string_lossy())
    }
}

impl Variable for PathBuf {
    fn value(&self) -> Value<'_> {
        self.as_path().value()
    }
}

/// In seconds.
impl Variable for Duration {
    fn value(&self) -> Value<'_> {
        Value::Number(self.as_secs_f64())
    }
}

macro_rules! shown {
    ($($of:ty)*) => {$(
        impl Variable for $of {
            fn value(&self) -> Value<'_> {
                Value::Text(self.to_string().into())
            }
        }
    )*};
}

macro_rules! numbers {
    ($($of:ty)*) => {$(
        impl Variable for $of {
            fn value(&self) -> Value<'_> {
                Value::Number(*self as f64)
            }
        }
    )*};
}

shown!(IpAddr SocketAddr);
numbers!(u16 u32 u64 usize i32 i64 f64);

/// Messages in no language: ids with their values, for developers and tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ids;

impl Messages for Ids {
    fn has(&self, _id: &str) -> bool {
        true
    }

    fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        let values = variables
            .iter()
            .map(|(name, variable)| match variable.value() {
                Value::Text(text) => format!(" {name}={text}"),
                Value::Number(number) => format!(" {name}={number}"),
            });
        id.to_owned() + &values.collect::<String>()
    }
}
