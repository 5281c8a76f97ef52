//! medley-project
