//! What must never be printed: not in a log, not in a failure, not by accident.

/// Types that hold secrets or what stands sealed print as their name and nothing else.
macro_rules! unprintable {
    ($($name:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(‹sealed›)"))
            }
        }
    )+};
}
pub(crate) use unprintable;
