//! medley-io
