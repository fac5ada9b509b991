//! Whole programs that use parable; see the files beside this one.
