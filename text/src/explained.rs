//! Errors that are worded in the user's language.

/// Makes errors of types that word themselves by `say(&self, &dyn Messages) -> String`. In no
/// language, as a developer sees them, they are the [ids](crate::Ids) of their messages.
#[macro_export]
macro_rules! explained {
    ($($error:ty),* $(,)?) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.say(&$crate::Ids))
            }
        }

        impl std::error::Error for $error {}
    )*};
}
