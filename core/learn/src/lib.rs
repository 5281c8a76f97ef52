//! medley-learn
