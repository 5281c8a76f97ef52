//! medley-annotate
