//! medley-nn
