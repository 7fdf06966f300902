//! Enums whose variants each have a word.

/// Writes an enum with a word for each variant, a list of all variants, and `name`, the word.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        pub enum $enum { $($(#[$doc])* $variant,)+ }

        impl $enum {
            /// All variants.
            pub const ALL: [$enum; [$($word),+].len()] = [$($enum::$variant),+];

            /// The word used in transcripts and reports.
            pub const fn name(self) -> &'static str {
                match self { $($enum::$variant => $word),+ }
            }
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use words;
