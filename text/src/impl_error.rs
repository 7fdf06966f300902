//! Errors that are worded in the user's language.

/// Implements `Display` and `Error` for types that word themselves:
/// `say(&self, &dyn Messages) -> String`. Without a language, as a developer sees it, an error
/// shows the [ids](crate::Ids) of its messages.
#[macro_export]
macro_rules! impl_error {
    ($($error:ty),* $(,)?) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.say(&$crate::Ids))
            }
        }

        impl std::error::Error for $error {}
    )*};
}
